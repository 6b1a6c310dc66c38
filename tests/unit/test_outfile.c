/* Files that appear complete or not at all, and the rows of bench.csv as they come in. */
#include "gilscope/outfile.h"
#include "gilscope/results.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a folder for each test ---- */

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/gilscope-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* folder/name, until the next call. */
static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool exists(const char *name)
{
    struct stat status;
    return lstat(in_folder(name), &status) == 0;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_file(const char *name, const char *expected)
{
    static char text[1 << 16];
    FILE *file = fopen(in_folder(name), "r");

    if (file == NULL) {
        fail_msg("there is no %s", name);
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static bool open_file(struct outfile *file, size_t keep_above)
{
    struct error error = {0};
    bool kept;

    if (!outfile_open(file, folder, "data.csv", keep_above, &kept, &error)) {
        fail_msg("%s", error.text);
    }
    return kept;
}

static void write_at(struct outfile *file, off_t offset, const char *text)
{
    struct error error = {0};

    if (!outfile_write_at(file, offset, text, strlen(text), &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(file->length, offset + (off_t)strlen(text));
}

static bool commit(struct outfile *file, struct error *error)
{
    return outfile_commit(&file, 1, error);
}

/* ---- a system that fails ---- */

/* Calls until it does, and how; never while negative. The program's own, linked into this test, are
 * these. */
static int renames_left = -1, room = -1;
static bool lasting, kills;

int rename(const char *from, const char *to)
{
    if (renames_left >= 0 && renames_left-- == 0) {
        if (kills) {
            raise(SIGKILL);
        }
        renames_left = lasting ? 0 : -1;
        errno = EIO;
        return -1;
    }
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* A disk with room for so many bytes more. */
ssize_t pwrite(int fd, const void *text, size_t size, off_t at)
{
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (room > 0) {
        size = size < (size_t)room ? size : (size_t)room;
        room -= (int)size;
    }
    return syscall(SYS_pwrite64, fd, text, size, at);
}

static void mend(void)
{
    renames_left = room = -1;
    lasting = kills = false;
}

/* ---- outfile ---- */

static void test_part_until_it_is_committed(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "one\n");
    check_file("data.csv.part", "one\n");
    assert_false(exists("data.csv"));
    assert_true(commit(&file, &error));
    outfile_close(&file);
    check_file("data.csv", "one\n");
    assert_false(exists("data.csv.part"));
}

static void test_closed_without_commit_keeps_both(void **state)
{
    struct outfile file;

    (void)state;
    write_file("data.csv", "complete\n");
    open_file(&file, 0);
    write_at(&file, 0, "half\n");
    outfile_close(&file);
    outfile_close(&file); /* twice is fine */
    check_file("data.csv", "complete\n");
    check_file("data.csv.part", "half\n");
}

static void test_commit_replaces_an_earlier_file(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    write_file("data.csv", "a longer one that was there before\n");
    open_file(&file, 0);
    write_at(&file, 0, "new\n");
    assert_true(commit(&file, &error));
    outfile_close(&file);
    check_file("data.csv", "new\n");
}

static void test_writing_replaces_the_tail(void **state)
{
    struct outfile file;

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "head\nlong tail\n");
    write_at(&file, 5, "tail\n"); /* shorter */
    check_file("data.csv.part", "head\ntail\n");
    write_at(&file, 5, "a much longer tail\n");
    check_file("data.csv.part", "head\na much longer tail\n");
    write_at(&file, file.length, "more\n");
    check_file("data.csv.part", "head\na much longer tail\nmore\n");
    write_at(&file, 5, "");
    check_file("data.csv.part", "head\n");
    outfile_close(&file);
}

static void test_earlier_parts_are_kept(void **state)
{
    static const char *const texts[] = {"first\n", "second\n", "third\n"};
    struct outfile file;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_file(&file, 1), i > 0);
        assert_int_equal(file.kept_as, i);
        check_file("data.csv.part", "");
        write_at(&file, 0, texts[i]);
        outfile_close(&file);
    }
    check_file("data.csv.part.1", "first\n");
    check_file("data.csv.part.2", "second\n");
    check_file("data.csv.part", "third\n");
}

/* Somebody removes the folder during a run: it comes back, with all that was written. */
static void test_a_folder_that_vanishes_is_made_again(void **state)
{
    struct outfile file;
    struct error error = {0};
    char path[PATH_MAX];

    (void)state;
    snprintf(path, sizeof path, "%s", folder);
    open_file(&file, 0);
    write_at(&file, 0, "one\n");
    assert_int_equal(unlink(in_folder("data.csv.part")), 0);
    assert_int_equal(rmdir(path), 0);
    write_at(&file, 4, "two\n");
    check_file("data.csv.part", "one\ntwo\n");
    assert_int_equal(unlink(in_folder("data.csv.part")), 0);
    assert_int_equal(rmdir(path), 0);
    assert_true(commit(&file, &error));
    outfile_close(&file);
    check_file("data.csv", "one\ntwo\n");
}

/* …or puts another folder in its place, with what another run left there. */
static void swap_folder(const char *text)
{
    assert_int_equal(unlink(in_folder("data.csv.part")), 0);
    write_file("data.csv.part", text);
}

static void test_what_is_in_a_folder_that_came_meanwhile_is_kept(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    open_file(&file, 1);
    write_at(&file, 0, "one\n");
    swap_folder("longer, and of another run\n");
    write_at(&file, 4, "two\n");
    assert_int_equal(file.kept_as, 1);
    check_file("data.csv.part", "one\ntwo\n");
    check_file("data.csv.part.1", "longer, and of another run\n");
    swap_folder("of a third run, and longer, too\n");
    assert_true(commit(&file, &error));
    outfile_close(&file);
    check_file("data.csv", "one\ntwo\n");
    check_file("data.csv.part.2", "of a third run, and longer, too\n");
}

static void test_what_nobody_wants_in_such_a_folder_is_gone(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "one\n");
    swap_folder("longer, and of another run\n");
    assert_true(commit(&file, &error));
    outfile_close(&file);
    check_file("data.csv", "one\n");
    assert_false(exists("data.csv.part.1"));
}

static void test_a_folder_that_came_meanwhile_and_is_another_writers(void **state)
{
    struct outfile file, other;
    struct error error = {0};

    (void)state;
    open_file(&file, 1);
    write_at(&file, 0, "one\n");
    swap_folder("");
    open_file(&other, 1);
    write_at(&other, 0, "the other's\n");
    assert_false(outfile_write_at(&file, 4, "two\n", 4, &error));
    assert_non_null(strstr(error.text, "another gilscope"));
    check_file("data.csv.part", "the other's\n");
    outfile_close(&other);
    outfile_close(&file);
}

/* The folder vanishes, and there is no room to write all of it again. */
static void test_a_folder_that_vanishes_while_the_disk_is_full(void **state)
{
    static const char row[] = "a row of some length, of which there are many\n";
    static char all[400 * sizeof row], part[sizeof all];
    struct outfile file;
    struct error error = {0};
    size_t size = sizeof row - 1;

    (void)state;
    open_file(&file, 1);
    for (int i = 0; i < 400; i++) {
        memcpy(all + (size_t)i * size, row, size);
    }
    write_at(&file, 0, all);
    for (int more = 0; more < 18000; more += 3333) {
        error = (struct error){0};
        assert_int_equal(unlink(in_folder("data.csv.part")), 0);
        room = more;
        assert_false(outfile_write_at(&file, file.length, "last\n", 5, &error));
        mend();
        assert_non_null(strstr(error.text, strerror(ENOSPC)));
        assert_non_null(strstr(error.text, "data.csv.part"));
        /* As much as there was room for, in whole lines. */
        snprintf(part, sizeof part, "%.*s", (int)((size_t)more / size * size), all);
        check_file("data.csv.part", part);
    }
    /* Nothing that was measured is lost: with room again it is there, and taken for no other's. */
    write_at(&file, file.length, "last\n");
    strcat(all, "last\n");
    check_file("data.csv.part", all);
    assert_false(exists("data.csv.part.1"));
    /* But a run of which a write failed is not complete. */
    assert_false(commit(&file, &error));
    assert_false(exists("data.csv"));
    outfile_close(&file);
}

static void test_a_disk_that_fills_up_leaves_whole_lines(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "one\n");
    room = 6;
    assert_false(outfile_write_at(&file, 4, "two\nthree\n", 10, &error));
    mend();
    assert_non_null(strstr(error.text, strerror(ENOSPC)));
    check_file("data.csv.part", "one\ntwo\n");
    assert_int_equal(file.length, 8);
    assert_false(commit(&file, &error));
    assert_false(exists("data.csv"));
    outfile_close(&file);
}

/* Half a line that could not be dropped: what is written next does not end with it. */
static void test_what_stands_behind_the_end_goes(void **state)
{
    struct outfile file;

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "one\n");
    FILE *end = fopen(in_folder("data.csv.part"), "a");
    assert_non_null(end);
    fputs("a long half of a line", end);
    assert_int_equal(fclose(end), 0);
    write_at(&file, 4, "two\n");
    check_file("data.csv.part", "one\ntwo\n");
    outfile_close(&file);
}

static void test_parts_with_nothing_in_them_are_not_kept(void **state)
{
    struct outfile file;

    (void)state;
    write_file("data.csv.part", "header\n");
    assert_false(open_file(&file, 7));
    check_file("data.csv.part", "");
    outfile_close(&file);
    write_file("data.csv.part", "header\n1\n");
    assert_true(open_file(&file, 7));
    outfile_close(&file);
    check_file("data.csv.part.1", "header\n1\n");
}

static void test_parts_that_nobody_wants_are_emptied(void **state)
{
    struct outfile file;

    (void)state;
    write_file("data.csv.part", "from an earlier run\n");
    assert_false(open_file(&file, 0));
    write_at(&file, 0, "new\n");
    outfile_close(&file);
    check_file("data.csv.part", "new\n");
    assert_false(exists("data.csv.part.1"));
}

/* Another process. Its exit code: 0 it was refused and told why, 1 it was let in. */
static int open_in_another_process(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct outfile file;
        struct error error = {0};
        bool kept, opened = outfile_open(&file, folder, "data.csv", 1, &kept, &error);
        _exit(opened ? 1 : strstr(error.text, "another gilscope") != NULL ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_only_one_process_writes(void **state)
{
    struct outfile file;

    (void)state;
    open_file(&file, 0);
    write_at(&file, 0, "mine\n");
    assert_int_equal(open_in_another_process(), 0);
    check_file("data.csv.part", "mine\n"); /* untouched */
    assert_false(exists("data.csv.part.1"));
    outfile_close(&file);
    assert_int_equal(open_in_another_process(), 1);
}

static void test_only_one_process_writes_after_keeping(void **state)
{
    struct outfile file;

    (void)state;
    write_file("data.csv.part", "earlier\n");
    assert_true(open_file(&file, 1));
    assert_int_equal(open_in_another_process(), 0);
    outfile_close(&file);
}

static void test_a_killed_writer_keeps_nobody_out(void **state)
{
    int ready[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct outfile file;
        struct error error;
        bool kept;
        if (!outfile_open(&file, folder, "data.csv", 0, &kept, &error) ||
            !outfile_write_at(&file, 0, "measured\n", 9, &error) ||
            write(ready[1], "", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ready[1]); /* a child that fails ends the read below */
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);

    struct outfile file;
    assert_true(open_file(&file, 1));
    check_file("data.csv.part.1", "measured\n");
    outfile_close(&file);
}

static void test_a_full_disk_is_an_error(void **state)
{
    struct outfile file;
    struct error error = {0};

    (void)state;
    open_file(&file, 1);
    room = 0;
    assert_false(outfile_write_at(&file, 0, "x", 1, &error));
    mend();
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "data.csv.part"));
    assert_non_null(strstr(error.text, strerror(ENOSPC)));
    outfile_close(&file);
}

/* Whatever stands in its place is not written to: a link may lead out of the folder. */
static void test_what_is_no_file_is_left_alone(void **state)
{
    struct outfile file;
    struct error error = {0};
    bool kept;

    (void)state;
    fclose(fopen(in_folder("theirs"), "w"));
    assert_int_equal(symlink("theirs", in_folder("data.csv.part")), 0);
    assert_false(outfile_open(&file, folder, "data.csv", 0, &kept, &error));
    assert_non_null(strstr(error.text, "symbolic link"));
    assert_int_equal(unlink(in_folder("data.csv.part")), 0);
    assert_int_equal(mkfifo(in_folder("data.csv.part"), 0600), 0);
    assert_false(outfile_open(&file, folder, "data.csv", 0, &kept, &error));
    assert_non_null(strstr(error.text, "no regular file"));
    assert_int_equal(unlink(in_folder("data.csv.part")), 0);
    open_file(&file, 0);
    outfile_close(&file);
}

static void test_a_folder_that_is_not_there_is_an_error(void **state)
{
    struct outfile file;
    struct error error = {0};
    bool kept;

    (void)state;
    assert_false(outfile_open(&file, in_folder("nowhere"), "data.csv", 0, &kept, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "nowhere"));
    assert_non_null(strstr(error.text, "the folder is gone, or takes no files"));
    assert_non_null(strstr(error.text, "--output"));
    outfile_close(&file);
}

static void test_too_many_open_files_is_told_as_such(void **state)
{
    struct outfile file;
    struct error error = {0};
    struct rlimit before, none;
    bool kept;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool opened = outfile_open(&file, folder, "data.csv", 0, &kept, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(opened);
    assert_non_null(strstr(error.text, "ulimit -n"));
    assert_null(strstr(error.text, "--output"));
}

static void test_discarded_leaves_nothing(void **state)
{
    struct outfile file;
    struct outfile other = {.fd = -1};

    (void)state;
    open_file(&file, 1);
    outfile_discard(&file);
    assert_false(exists("data.csv.part"));
    assert_int_equal(file.fd, -1);
    outfile_discard(&other);
}

static void test_discarded_gives_back_what_was_kept(void **state)
{
    struct outfile file;

    (void)state;
    write_file("data.csv.part.1", "first\n");
    write_file("data.csv.part", "second\n");
    assert_true(open_file(&file, 1));
    outfile_discard(&file);
    assert_int_equal(file.kept_as, 0);
    check_file("data.csv.part.1", "first\n");
    check_file("data.csv.part", "second\n");
    assert_false(exists("data.csv.part.2"));
}

static void test_a_name_that_is_too_long(void **state)
{
    static char name[PATH_MAX + 10];
    struct outfile file;
    struct error error = {0};
    bool kept;

    (void)state;
    memset(name, 'x', sizeof name - 1);
    assert_false(make_folder(name, &error));
    assert_int_equal(error.exit_code, EXIT_USAGE);
    name[PATH_MAX - 3] = '\0'; /* too long with the file's name */
    error = (struct error){0};
    assert_false(outfile_open(&file, name, "data.csv", 0, &kept, &error));
    assert_int_equal(error.exit_code, EXIT_USAGE);
    outfile_close(&file);
}

/* ---- several files ---- */

enum { SET = 4 };
static const char *const set_names[SET] = {"a.csv", "b.csv", "c.csv", "d.csv"};

/* The last is not open: there is none of it this time. Of the second there was none before. */
static void open_set(struct outfile set[SET], struct outfile *pointers[SET])
{
    struct error error = {0};
    bool kept;

    for (int f = 0; f < SET; f++) {
        if (f != 1) {
            write_file(set_names[f], "earlier\n");
        }
        assert_true(outfile_open(&set[f], folder, set_names[f], 1, &kept, &error));
        if (f == SET - 1) {
            outfile_discard(&set[f]);
        } else {
            write_at(&set[f], 0, "new\n");
        }
        pointers[f] = &set[f];
    }
}

static void close_set(struct outfile set[SET])
{
    for (int f = 0; f < SET; f++) {
        outfile_close(&set[f]);
    }
}

/* Has a file this text, and is it there at all? */
static bool is_text(const char *name, const char *text)
{
    if (!exists(name)) {
        return false;
    }
    check_file(name, text);
    return true;
}

static const char *with(const char *name, const char *suffix)
{
    static char path[64];
    snprintf(path, sizeof path, "%s%s", name, suffix);
    return path;
}

/* Whatever happened: nothing lost, and never those of two runs side by side. */
static void check_not_mixed(void)
{
    bool earlier = false, new = false;

    for (int f = 0; f < SET; f++) {
        const char *name = set_names[f];
        char text[32] = "";
        if (exists(name)) {
            FILE *file = fopen(in_folder(name), "r");
            assert_non_null(file);
            assert_non_null(fgets(text, sizeof text, file));
            fclose(file);
        }
        bool is_new = strcmp(text, "new\n") == 0, is_earlier = strcmp(text, "earlier\n") == 0;
        new |= is_new;
        earlier |= is_earlier;
        assert_true(f == SET - 1 || is_new || is_text(with(name, ".part"), "new\n"));
        assert_true(f == 1 || is_earlier || is_text(with(name, ".replaced"), "earlier\n"));
    }
    assert_false(earlier && new);
}

static void check_all_as_before(void)
{
    for (int f = 0; f < SET; f++) {
        assert_true(is_text(set_names[f], "earlier\n") == (f != 1));
        assert_true(is_text(with(set_names[f], ".part"), "new\n") == (f != SET - 1));
        assert_false(exists(with(set_names[f], ".replaced")));
    }
}

static void check_all_new(void)
{
    for (int f = 0; f < SET; f++) {
        assert_true(is_text(set_names[f], "new\n") == (f != SET - 1));
        assert_false(exists(with(set_names[f], ".part")));
        assert_false(exists(with(set_names[f], ".replaced")));
    }
}

/* A set is named anew by six calls: three that were there go, three come. */
enum { RENAMES = 6 };

static void test_files_are_committed_together(void **state)
{
    struct outfile set[SET], *pointers[SET];
    struct error error = {0};

    (void)state;
    open_set(set, pointers);
    assert_true(outfile_commit(pointers, SET, &error));
    check_all_new();
    close_set(set);
}

static void test_a_rename_that_fails_takes_all_back(void **state)
{
    struct outfile set[SET], *pointers[SET];

    (void)state;
    open_set(set, pointers);
    for (int n = 0; n < RENAMES; n++) {
        struct error error = {0};
        renames_left = n;
        assert_false(outfile_commit(pointers, SET, &error));
        assert_int_equal(renames_left, -1);
        assert_int_equal(error.exit_code, EXIT_FAILED);
        assert_non_null(strstr(error.text, "cannot rename"));
        assert_non_null(strstr(error.text, strerror(EIO)));
        assert_null(strstr(error.text, "back"));
        check_all_as_before();
    }
    struct error error = {0};
    renames_left = RENAMES;
    assert_true(outfile_commit(pointers, SET, &error)); /* they can be tried again */
    assert_int_equal(renames_left, 0);
    mend();
    check_all_new();
    close_set(set);
}

static void test_renames_that_fail_for_good_mix_nothing(void **state)
{
    (void)state;
    for (int n = 0; n < RENAMES; n++) {
        struct outfile set[SET], *pointers[SET];
        struct error error = {0};
        open_set(set, pointers);
        renames_left = n;
        lasting = true;
        assert_false(outfile_commit(pointers, SET, &error));
        mend();
        assert_true(n == 0 || strstr(error.text, "nor can what was renamed") != NULL);
        check_not_mixed();
        close_set(set);
        tear_down(state);
        assert_int_equal(set_up(state), 0);
    }
}

static void test_killed_between_two_renames_mixes_nothing(void **state)
{
    (void)state;
    for (int n = 0; n < RENAMES; n++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            struct outfile set[SET], *pointers[SET];
            struct error error = {0};
            open_set(set, pointers);
            renames_left = n;
            kills = true;
            outfile_commit(pointers, SET, &error);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        check_not_mixed();

        /* And the next run needs nobody to tidy up. */
        struct outfile set[SET], *pointers[SET];
        struct error error = {0};
        open_set(set, pointers);
        assert_true(outfile_commit(pointers, SET, &error));
        check_all_new();
        close_set(set);
        tear_down(state);
        assert_int_equal(set_up(state), 0);
    }
}

static void test_one_that_is_broken_keeps_all_from_their_names(void **state)
{
    struct outfile set[SET], *pointers[SET];
    struct error error = {0};

    (void)state;
    open_set(set, pointers);
    room = 0;
    assert_false(outfile_write_at(&set[2], 4, "more\n", 5, &error));
    mend();
    assert_false(outfile_commit(pointers, SET, &error));
    assert_non_null(strstr(error.text, "c.csv.part"));
    check_all_as_before();
    close_set(set);
}

static void test_a_folder_with_the_name_of_one_keeps_all_from_theirs(void **state)
{
    struct outfile set[SET], *pointers[SET];
    struct error error = {0};

    (void)state;
    open_set(set, pointers);
    assert_int_equal(mkdir(in_folder("b.csv"), 0777), 0);
    assert_false(outfile_commit(pointers, SET, &error));
    assert_non_null(strstr(error.text, strerror(EISDIR)));
    assert_int_equal(rmdir(in_folder("b.csv")), 0);
    check_all_as_before();
    close_set(set);
}

/* ---- make_folder ---- */

static void check_folder_made(const char *name)
{
    struct error error = {0};
    struct stat status;

    if (!make_folder(in_folder(name), &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(stat(in_folder(name), &status), 0);
    assert_true(S_ISDIR(status.st_mode));
}

static void test_folders_are_made_with_those_above(void **state)
{
    (void)state;
    check_folder_made("one");
    check_folder_made("a/b/c/d");
    check_folder_made("e/f/");
    check_folder_made("g//h");
    check_folder_made("i/./j/../k");
}

static void test_folders_that_exist_are_fine(void **state)
{
    struct error error = {0};

    (void)state;
    check_folder_made("twice");
    check_folder_made("twice");
    assert_true(make_folder("/", &error));
    assert_true(make_folder(".", &error));
}

static void test_a_folder_below_a_file_is_impossible(void **state)
{
    struct error error = {0};

    (void)state;
    write_file("file", "");
    assert_false(make_folder(in_folder("file/folder"), &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "file/folder"));
    assert_non_null(strstr(error.text, strerror(ENOTDIR)));
}

/* ---- rows of bench.csv ---- */

#define HEADER                                                                                 \
    "variant,kernel,pin,threads,rep,count,chunk,wall_s,cpu_s,startup_s,rate_per_s,speedup,"    \
    "handoffs,vol_ctxt,invol_ctxt,oversubscribed\n"

enum { SERIAL, GIL, NOGIL, CASES, REPS = 2 };

static struct plan_case cases[CASES];
static const struct plan plan = {.length = CASES, .cases = cases};
static struct samples samples;
static struct results results;

static int set_up_results(void **state)
{
    static const unsigned variant[] = {0, 3, 4};
    struct error error;

    for (int c = 0; c < CASES; c++) {
        cases[c] = (struct plan_case){.variant = variants[variant[c]],
                                      .kernel = &kernel_countdown,
                                      .pin = &pin_policies[0],
                                      .threads = c == SERIAL ? 1 : 2,
                                      .oversubscribed = c == NOGIL,
                                      .baseline = SERIAL};
    }
    return set_up(state) != 0 || !samples_make(&samples, &plan, REPS, &error) ||
           !results_open(&results, &results_of_bench, NULL, folder, CASES, false, &error);
}

static int tear_down_results(void **state)
{
    results_close(&results);
    samples_free(&samples);
    return tear_down(state);
}

/* The order in which the cases of a block come, and how far it has come. */
static size_t order[CASES], measured;

static void begin_block(void)
{
    measured = 0;
}

/* One more case: its rate is 100 a second for serial, 50 for gil, 200 for nogil. */
static void measure(unsigned rep, size_t c)
{
    static const double wall_s[] = {1, 2, 0.5};
    struct error error = {0};

    *sample_at(&samples, c, rep) = (struct sample){.measured = true,
                                                   .count = 100,
                                                   .chunk = c == GIL ? 10 : 0,
                                                   .wall_s = wall_s[c],
                                                   .cpu_s = 1.5,
                                                   .startup_s = 0.25,
                                                   .handoffs = c == GIL ? 7 : 0,
                                                   .voluntary_switches = 3,
                                                   .involuntary_switches = 4};
    order[measured++] = c;
    assert_true(results_rows(&results, &samples, rep, order, measured, false, &error));
}

static void end_block(unsigned rep)
{
    struct error error = {0};
    assert_true(results_rows(&results, &samples, rep, order, measured, true, &error));
}

#define SERIAL_ROW(rep) "serial,countdown,core,1," rep ",100,0,1,1.5,0.25,100,1,0,3,4,0\n"
#define GIL_ROW(rep, speedup)                                                                  \
    "gil,countdown,core,2," rep ",100,10,2,1.5,0.25,50," speedup ",7,3,4,0\n"
#define NOGIL_ROW(rep, speedup)                                                                \
    "nogil,countdown,core,2," rep ",100,0,0.5,1.5,0.25,200," speedup ",0,3,4,1\n"

static void test_header_stands_there_from_the_start(void **state)
{
    (void)state;
    check_file("bench.csv.part", HEADER);
    assert_true(exists("bench-summary.csv.part"));
    assert_true(exists("machine.csv.part"));
    assert_true(exists("topology.xml.part"));
}

static void test_rows_after_the_baseline_are_complete(void **state)
{
    (void)state;
    begin_block();
    measure(0, SERIAL);
    check_file("bench.csv.part", HEADER SERIAL_ROW("1"));
    measure(0, GIL);
    check_file("bench.csv.part", HEADER SERIAL_ROW("1") GIL_ROW("1", "0.5"));
    measure(0, NOGIL);
    end_block(0);
    check_file("bench.csv.part",
               HEADER SERIAL_ROW("1") GIL_ROW("1", "0.5") NOGIL_ROW("1", "2"));
}

/* A row is there as soon as it is measured, its speedup as soon as the baseline is. */
static void test_rows_before_the_baseline_are_completed(void **state)
{
    (void)state;
    begin_block();
    measure(0, NOGIL);
    check_file("bench.csv.part", HEADER NOGIL_ROW("1", ""));
    measure(0, GIL);
    check_file("bench.csv.part", HEADER NOGIL_ROW("1", "") GIL_ROW("1", ""));
    measure(0, SERIAL);
    check_file("bench.csv.part",
               HEADER NOGIL_ROW("1", "2") GIL_ROW("1", "0.5") SERIAL_ROW("1"));
    end_block(0);
    check_file("bench.csv.part",
               HEADER NOGIL_ROW("1", "2") GIL_ROW("1", "0.5") SERIAL_ROW("1"));
}

static void test_rows_around_the_baseline(void **state)
{
    (void)state;
    begin_block();
    measure(0, GIL);
    measure(0, SERIAL);
    measure(0, NOGIL);
    end_block(0);
    check_file("bench.csv.part",
               HEADER GIL_ROW("1", "0.5") SERIAL_ROW("1") NOGIL_ROW("1", "2"));
}

static void test_blocks_follow_each_other(void **state)
{
    (void)state;
    begin_block();
    measure(0, GIL);
    measure(0, NOGIL);
    measure(0, SERIAL);
    end_block(0);
    begin_block();
    measure(1, NOGIL);
    check_file("bench.csv.part", HEADER GIL_ROW("1", "0.5") NOGIL_ROW("1", "2") SERIAL_ROW("1")
                                     NOGIL_ROW("2", ""));
    measure(1, SERIAL);
    measure(1, GIL);
    end_block(1);
    check_file("bench.csv.part", HEADER GIL_ROW("1", "0.5") NOGIL_ROW("1", "2") SERIAL_ROW("1")
                                     NOGIL_ROW("2", "2") SERIAL_ROW("2") GIL_ROW("2", "0.5"));
}

static void test_a_block_without_its_baseline_has_no_speedup(void **state)
{
    (void)state;
    begin_block();
    measure(0, NOGIL);
    measure(0, GIL);
    end_block(0); /* interrupted */
    check_file("bench.csv.part", HEADER NOGIL_ROW("1", "") GIL_ROW("1", ""));
}

static void test_an_empty_block_adds_nothing(void **state)
{
    (void)state;
    begin_block();
    end_block(0);
    check_file("bench.csv.part", HEADER);
}

static void test_all_files_get_their_names_together(void **state)
{
    static const char *const names[] = {"bench.csv", "bench-summary.csv", "machine.csv",
                                        "topology.xml"};
    struct error error = {0};

    (void)state;
    begin_block();
    measure(0, SERIAL);
    end_block(0);
    for (int i = 0; i < 4; i++) {
        assert_false(exists(names[i]));
    }
    assert_true(results_commit(&results, &error));
    for (int i = 0; i < 4; i++) {
        char part[64];
        snprintf(part, sizeof part, "%s.part", names[i]);
        assert_true(exists(names[i]));
        assert_false(exists(part));
    }
    check_file("bench.csv", HEADER SERIAL_ROW("1"));
}

/* Of an earlier run with an interpreter: it would not belong to the others. */
static void test_a_file_that_there_is_none_of_this_time_goes(void **state)
{
    struct error error = {0};

    (void)state;
    write_file("fidelity.csv", "earlier\n");
    begin_block();
    measure(0, SERIAL);
    end_block(0);
    renames_left = 4;
    assert_false(results_commit(&results, &error));
    check_file("fidelity.csv", "earlier\n");
    assert_true(results_commit(&results, &error));
    assert_false(exists("fidelity.csv"));
    assert_false(exists("fidelity.csv.replaced"));
}

/* bench and breakeven in one folder share machine.csv: the second leaves nothing of its own. */
static void test_who_cannot_open_them_all_leaves_none(void **state)
{
    static const struct results_kind others = {
        .rows = "rows.csv", .summary = "sum.csv", .more = "more.csv", .header = HEADER};
    struct results second;
    struct error error = {0};

    (void)state;
    write_file("rows.csv.part", HEADER "interrupted\n");
    assert_false(results_open(&second, &others, NULL, folder, CASES, false, &error));
    assert_non_null(strstr(error.text, "machine.csv.part"));
    results_close(&second);
    check_file("rows.csv.part", HEADER "interrupted\n");
    assert_false(exists("rows.csv.part.1"));
    assert_false(exists("sum.csv.part"));
    assert_true(exists("machine.csv.part"));
    assert_true(exists("topology.xml.part"));
}

static void test_rows_in_a_folder_that_came_meanwhile_are_told_of(void **state)
{
    (void)state;
    begin_block();
    assert_int_equal(unlink(in_folder("bench.csv.part")), 0);
    write_file("bench.csv.part", HEADER "interrupted\n");
    measure(0, SERIAL);
    assert_true(results.kept_earlier);
    check_file("bench.csv.part.1", HEADER "interrupted\n");
    check_file("bench.csv.part", HEADER SERIAL_ROW("1"));
}

static void test_closing_what_was_never_opened(void **state)
{
    struct results none = {0};
    int zero = open("/dev/null", O_RDONLY), was_zero = dup2(zero, 0);

    (void)state;
    assert_int_equal(was_zero, 0); /* descriptor 0 is open */
    results_close(&none);
    results_close(&none);
    assert_true(fcntl(0, F_GETFD) >= 0);
    close(zero);
}

static void test_summary_rows(void **state)
{
    struct summary summaries[CASES] = {
        [GIL] = {.of = &cases[GIL],
                 .reps = 11,
                 .wall_s = 0.05,
                 .rate = 1e9,
                 .speedup = {.median = 0.5, .lo = 0.25, .hi = 0.75, .n = 11},
                 .efficiency = 0.125,
                 .karp_flatt = 3,
                 .cores_busy = 1.5,
                 .handoffs_per_s = 200,
                 .startup_s = 0.001,
                 .noisy = true},
    };
    struct error error = {0};

    (void)state;
    /* Cases of which nothing is known have no row. */
    assert_true(results_summary(&results, summaries, CASES, &error));
    check_file(
        "bench-summary.csv.part",
        "variant,kernel,pin,threads,reps,wall_s,rate_per_s,speedup,speedup_lo,speedup_hi,"
        "efficiency,karp_flatt,cores_busy,handoffs_per_s,startup_s,oversubscribed,noisy\n"
        "gil,countdown,core,2,11,0.05,1e+09,0.5,0.25,0.75,0.125,3,1.5,200,0.001,0,1\n");
}

static void test_an_interrupted_run_is_kept_by_the_next(void **state)
{
    struct error error = {0};

    (void)state;
    assert_false(results.kept_earlier);
    begin_block();
    measure(0, SERIAL);
    end_block(0);
    results_close(&results);
    assert_true(results_open(&results, &results_of_bench, NULL, folder, CASES, false, &error));
    assert_true(results.kept_earlier);
    check_file("bench.csv.part.1", HEADER SERIAL_ROW("1"));
    check_file("bench.csv.part", HEADER);
    assert_false(exists("machine.csv.part.1"));
}

static void test_a_run_that_measured_nothing_is_not_kept(void **state)
{
    struct error error = {0};

    (void)state;
    results_close(&results);
    assert_true(results_open(&results, &results_of_bench, NULL, folder, CASES, false, &error));
    assert_false(results.kept_earlier);
    assert_false(exists("bench.csv.part.1"));
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define ROWS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_results, tear_down_results)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_part_until_it_is_committed),
        FILE_TEST(test_closed_without_commit_keeps_both),
        FILE_TEST(test_commit_replaces_an_earlier_file),
        FILE_TEST(test_writing_replaces_the_tail),
        FILE_TEST(test_earlier_parts_are_kept),
        FILE_TEST(test_a_folder_that_vanishes_is_made_again),
        FILE_TEST(test_what_is_in_a_folder_that_came_meanwhile_is_kept),
        FILE_TEST(test_what_nobody_wants_in_such_a_folder_is_gone),
        FILE_TEST(test_a_folder_that_came_meanwhile_and_is_another_writers),
        FILE_TEST(test_a_folder_that_vanishes_while_the_disk_is_full),
        FILE_TEST(test_a_disk_that_fills_up_leaves_whole_lines),
        FILE_TEST(test_what_stands_behind_the_end_goes),
        FILE_TEST(test_parts_with_nothing_in_them_are_not_kept),
        FILE_TEST(test_parts_that_nobody_wants_are_emptied),
        FILE_TEST(test_only_one_process_writes),
        FILE_TEST(test_only_one_process_writes_after_keeping),
        FILE_TEST(test_a_killed_writer_keeps_nobody_out),
        FILE_TEST(test_a_full_disk_is_an_error),
        FILE_TEST(test_what_is_no_file_is_left_alone),
        FILE_TEST(test_a_folder_that_is_not_there_is_an_error),
        FILE_TEST(test_too_many_open_files_is_told_as_such),
        FILE_TEST(test_discarded_leaves_nothing),
        FILE_TEST(test_discarded_gives_back_what_was_kept),
        FILE_TEST(test_files_are_committed_together),
        FILE_TEST(test_a_rename_that_fails_takes_all_back),
        FILE_TEST(test_renames_that_fail_for_good_mix_nothing),
        FILE_TEST(test_killed_between_two_renames_mixes_nothing),
        FILE_TEST(test_one_that_is_broken_keeps_all_from_their_names),
        FILE_TEST(test_a_folder_with_the_name_of_one_keeps_all_from_theirs),
        FILE_TEST(test_a_name_that_is_too_long),
        FILE_TEST(test_folders_are_made_with_those_above),
        FILE_TEST(test_folders_that_exist_are_fine),
        FILE_TEST(test_a_folder_below_a_file_is_impossible),
        ROWS_TEST(test_header_stands_there_from_the_start),
        ROWS_TEST(test_rows_after_the_baseline_are_complete),
        ROWS_TEST(test_rows_before_the_baseline_are_completed),
        ROWS_TEST(test_rows_around_the_baseline),
        ROWS_TEST(test_blocks_follow_each_other),
        ROWS_TEST(test_a_block_without_its_baseline_has_no_speedup),
        ROWS_TEST(test_an_empty_block_adds_nothing),
        ROWS_TEST(test_all_files_get_their_names_together),
        ROWS_TEST(test_a_file_that_there_is_none_of_this_time_goes),
        ROWS_TEST(test_who_cannot_open_them_all_leaves_none),
        ROWS_TEST(test_rows_in_a_folder_that_came_meanwhile_are_told_of),
        ROWS_TEST(test_summary_rows),
        cmocka_unit_test(test_closing_what_was_never_opened),
        ROWS_TEST(test_an_interrupted_run_is_kept_by_the_next),
        ROWS_TEST(test_a_run_that_measured_nothing_is_not_kept),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
