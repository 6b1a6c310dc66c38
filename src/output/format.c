/* Numbers for people: three significant digits and a unit. See report.h. */
#include "gilscope/report.h"

#include <math.h>

/* Three significant digits of a value below 1000. */
static void three_digits(char *text, size_t size, double value, const char *unit)
{
    int decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;
    snprintf(text, size, "%.*f%s", decimals, value, unit);
}

static const char *const time_units[] = {" ns", " us", " ms", " s"};

/* Nanoseconds to what a person reads, and which unit that is in. */
static int time_unit(double *value)
{
    int unit = 0;

    for (; fabs(*value) >= 999.5 && unit < 3; unit++) {
        *value /= 1000;
    }
    return unit;
}

void format_time(char *text, size_t size, double seconds)
{
    double value = seconds * 1e9;
    int unit = time_unit(&value);

    three_digits(text, size, value, time_units[unit]);
}

void format_time_range(char *text, size_t size, double from, double until, bool one_unit,
                       const struct style *style)
{
    double first = from * 1e9, last = until * 1e9, most = fmax(fabs(first), fabs(last));
    int unit = time_unit(&first), last_unit = time_unit(&last);

    if (one_unit) {
        unit = last_unit = time_unit(&most);
        first = from * 1e9 / pow(1000, unit);
        last = until * 1e9 / pow(1000, unit);
    }
    char number[24];
    three_digits(number, sizeof number, first, unit == last_unit ? "" : time_units[unit]);
    int length = snprintf(text, size, "%s%s", number, style_dots(style));
    if (length > 0 && (size_t)length < size) {
        three_digits(text + length, size - (size_t)length, last, time_units[last_unit]);
    }
}

void format_count(char *text, size_t size, double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    int unit = 0;

    if (count < 999.5) {
        snprintf(text, size, "%.*f", count > 0 && count < 9.95 ? 1 : 0, count);
        return;
    }
    for (; count >= 999.5 && unit < 4; unit++) {
        count /= 1000;
    }
    three_digits(text, size, count, units[unit]);
}
