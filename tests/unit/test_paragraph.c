/* How sentences, lines and legends are laid out. */
#include "../../src/output/paragraph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct style narrow = {.bold = "\033[1m",
                                    .dim = "",
                                    .warn = "\033[33m",
                                    .plain = "\033[0m",
                                    .width = 40,
                                    .utf8 = true};

static char *text;
static size_t size;

static FILE *begin(void)
{
    return open_memstream(&text, &size);
}

static void is_then(FILE *to, const char *expected)
{
    fclose(to);
    assert_string_equal(text, expected);
    free(text);
}

static void test_words_are_not_broken(void **state)
{
    struct paragraph words = {0, ""};
    FILE *to = begin();

    (void)state;
    say(&words, "One, two, three, four, five, six, seven, ");
    say(&words, "eight, nine.");
    paragraph_print(&words, &narrow, to);
    is_then(to, "One, two, three, four, five, six, seven,\neight, nine.\n");
}

static void test_only_what_is_seen_takes_columns(void **state)
{
    FILE *to = begin();

    (void)state;
    paragraph_tell("", &narrow, to, "%sÄÖÜ…×±≥%s 3456789 123456789 123456789 123456789",
                   narrow.bold, narrow.plain);
    paragraph_tell(narrow.warn, &narrow, to, "Be warned.");
    is_then(to, "\033[1mÄÖÜ…×±≥\033[0m 3456789 123456789 123456789\n123456789\n"
                "\033[33mBe warned.\n\033[0m");
}

static void test_a_number_keeps_its_percent_sign(void **state)
{
    FILE *to = begin();

    (void)state;
    paragraph_tell("", &narrow, to, "123456789 123456789 123456789 of the 95 %% are");
    is_then(to, "123456789 123456789 123456789 of the\n95 % are\n");
}

static void test_further_lines_hang_below_the_first(void **state)
{
    struct paragraph words = {0, ""};
    FILE *to = begin();

    (void)state;
    fputs("name      ", to);
    say(&words, "what it is, in a line and a half of words");
    paragraph_print_at(&words, 10, &narrow, to);
    is_then(to, "name      what it is, in a line and a\n          half of words\n");
}

static void test_lines_end_without_blanks(void **state)
{
    struct paragraph line = {0, ""};
    FILE *to = begin();

    (void)state;
    say(&line, "  a  b    ");
    line_print(&line, to);
    is_then(to, "  a  b\n");
}

static void test_no_item_is_broken(void **state)
{
    static const char *const items[] = {"~ this means noise", "^ this means drift", "* this"};
    FILE *to = begin();

    (void)state;
    items_print(items, 3, 2, &(struct style){.width = 40, .dim = "", .plain = ""}, to);
    items_print(items, 0, 2, &narrow, to);
    is_then(to, "  ~ this means noise\n  ^ this means drift   * this\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_not_broken),
        cmocka_unit_test(test_only_what_is_seen_takes_columns),
        cmocka_unit_test(test_a_number_keeps_its_percent_sign),
        cmocka_unit_test(test_further_lines_hang_below_the_first),
        cmocka_unit_test(test_lines_end_without_blanks),
        cmocka_unit_test(test_no_item_is_broken),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("paragraph", tests, NULL, NULL);
}
