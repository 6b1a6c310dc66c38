/* Rows of CSV, as RFC 4180 has them. */
#include "gilscope/csv.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One row of up to three texts. */
static void check_texts(const char *a, const char *b, const char *c, const char *expected)
{
    struct csv_row row;

    csv_begin(&row);
    csv_text(&row, a);
    if (b != NULL) {
        csv_text(&row, b);
    }
    if (c != NULL) {
        csv_text(&row, c);
    }
    csv_end(&row);
    assert_string_equal(row.text, expected);
    assert_int_equal(row.length, strlen(expected));
}

static void check_number(double value, const char *expected)
{
    struct csv_row row;

    csv_begin(&row);
    csv_number(&row, value);
    csv_end(&row);
    row.text[row.length - 1] = '\0'; /* the end of the line */
    assert_string_equal(row.text, expected);
}

/* Section 2 of the RFC, rules 1 and 4. */
static void test_plain_fields(void **state)
{
    (void)state;
    check_texts("aaa", "bbb", "ccc", "aaa,bbb,ccc\n");
    check_texts("field name", " spaces stay ", "é", "field name, spaces stay ,é\n");
    check_texts("one", NULL, NULL, "one\n");
}

/* Rule 6: line breaks, quotes and commas are enclosed in quotes. */
static void test_fields_that_need_quotes(void **state)
{
    (void)state;
    check_texts("aaa", "b\r\nbb", "ccc", "aaa,\"b\r\nbb\",ccc\n");
    check_texts("a,b", "b\nb", "c\rc", "\"a,b\",\"b\nb\",\"c\rc\"\n");
}

/* Rule 7: a quote inside is doubled. */
static void test_quotes_are_doubled(void **state)
{
    (void)state;
    check_texts("aaa", "b\"bb", "ccc", "aaa,\"b\"\"bb\",ccc\n");
    check_texts("\"", "\"\"", "\",\"", "\"\"\"\",\"\"\"\"\"\",\"\"\",\"\"\"\n");
}

static void test_empty_fields_keep_their_places(void **state)
{
    (void)state;
    check_texts("", "", "", ",,\n");
    check_texts("a", "", "c", "a,,c\n");
    check_texts("", NULL, NULL, "\n");
}

static void test_a_row_begins_anew(void **state)
{
    struct csv_row row;

    (void)state;
    csv_begin(&row);
    csv_text(&row, "first");
    csv_end(&row);
    csv_begin(&row);
    csv_text(&row, "second");
    csv_end(&row);
    assert_string_equal(row.text, "second\n");
}

static void test_integers(void **state)
{
    struct csv_row row;

    (void)state;
    csv_begin(&row);
    csv_integer(&row, 0);
    csv_integer(&row, 10000000);
    csv_integer(&row, UINT64_MAX);
    csv_end(&row);
    assert_string_equal(row.text, "0,10000000,18446744073709551615\n");
}

static void test_numbers_have_nine_digits(void **state)
{
    (void)state;
    check_number(0, "0");
    check_number(1.5, "1.5");
    check_number(-0.25, "-0.25");
    check_number(1.0 / 3, "0.333333333");
    check_number(123456789, "123456789");
    check_number(1234567890, "1.23456789e+09");
    check_number(2.6e-10, "2.6e-10");
    check_number(-1.23456789e-300, "-1.23456789e-300");
}

static void test_no_number_is_an_empty_field(void **state)
{
    (void)state;
    check_number(NAN, "");
    check_number(INFINITY, "");
    check_number(-INFINITY, "");
}

/* The program sets LC_CTYPE alone; the other parts of the locale must not leak in with it. */
static void test_decimal_point_whatever_the_environment(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "");
    check_number(1.5, "1.5");
}

/* The text of the first field of a row, unquoted; null where its quote never ends. */
static const char *unquote(const char *text, char *field)
{
    if (*text++ != '"') {
        return NULL;
    }
    for (; *text != '\0'; text++) {
        if (*text == '"' && *++text != '"') {
            *field = '\0';
            return text;
        }
        *field++ = *text;
    }
    return NULL;
}

/* A field of `length` times `c`, however long, gives one row that is whole and ends. */
static void check_long_field(size_t length, char c)
{
    static char text[3 * CSV_ROW_MAX], field[CSV_ROW_MAX];
    struct {
        struct csv_row row;
        char guard[16];
    } guarded;

    memset(text, c, length);
    text[0] = ','; /* so that it is quoted */
    text[length] = '\0';
    memset(guarded.guard, 'g', sizeof guarded.guard);
    csv_begin(&guarded.row);
    csv_text(&guarded.row, text);
    csv_end(&guarded.row);

    assert_true(guarded.row.length < CSV_ROW_MAX);
    assert_int_equal(strlen(guarded.row.text), guarded.row.length);
    assert_int_equal(guarded.row.text[guarded.row.length - 1], '\n');
    for (size_t i = 0; i < sizeof guarded.guard; i++) {
        assert_int_equal(guarded.guard[i], 'g');
    }
    const char *rest = unquote(guarded.row.text, field);
    assert_non_null(rest);
    assert_string_equal(rest, "\n");
    assert_memory_equal(field, text, strlen(field)); /* cut off, but not changed */
}

static void test_long_fields_are_cut_off_and_still_end(void **state)
{
    (void)state;
    for (size_t length = CSV_ROW_MAX - 16; length < CSV_ROW_MAX + 16; length++) {
        check_long_field(length, 'x');
    }
    for (size_t length = CSV_ROW_MAX / 2 - 16; length < CSV_ROW_MAX / 2 + 16; length++) {
        check_long_field(length, '"');
    }
    check_long_field(2 * CSV_ROW_MAX, 'x');
    check_long_field(2 * CSV_ROW_MAX, '"');
}

static void test_a_field_that_fits_is_not_cut(void **state)
{
    static char text[CSV_ROW_MAX];
    struct csv_row row;

    (void)state;
    memset(text, 'x', CSV_ROW_MAX - 2);
    csv_begin(&row);
    csv_text(&row, text);
    csv_end(&row);
    assert_int_equal(row.length, CSV_ROW_MAX - 1); /* and a zero behind it */
}

static void test_too_many_fields_stay_in_the_row(void **state)
{
    struct csv_row row;

    (void)state;
    csv_begin(&row);
    for (int i = 0; i < 2 * CSV_ROW_MAX; i++) {
        csv_text(&row, i % 2 ? "," : "x");
    }
    csv_end(&row);
    assert_true(row.length < CSV_ROW_MAX);
    assert_int_equal(row.text[row.length - 1], '\n');
    assert_int_equal(strlen(row.text), row.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_fields),
        cmocka_unit_test(test_fields_that_need_quotes),
        cmocka_unit_test(test_quotes_are_doubled),
        cmocka_unit_test(test_empty_fields_keep_their_places),
        cmocka_unit_test(test_a_row_begins_anew),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_numbers_have_nine_digits),
        cmocka_unit_test(test_no_number_is_an_empty_field),
        cmocka_unit_test(test_decimal_point_whatever_the_environment),
        cmocka_unit_test(test_long_fields_are_cut_off_and_still_end),
        cmocka_unit_test(test_a_field_that_fits_is_not_cut),
        cmocka_unit_test(test_too_many_fields_stay_in_the_row),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
