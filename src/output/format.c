/* Numbers for people: three significant digits and a unit. */
#include "gilscope/report.h"

#include <math.h>

/* Three significant digits of a value below 1000. */
static void three_digits(char *text, size_t size, double value, const char *unit)
{
    int decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;
    snprintf(text, size, "%.*f%s", decimals, value, unit);
}

void format_time(char *text, size_t size, double seconds)
{
    static const char *const units[] = {" ns", " us", " ms", " s"};
    int unit = 0;
    double value = seconds * 1e9;

    for (; value >= 999.5 && unit < 3; unit++) {
        value /= 1000;
    }
    three_digits(text, size, value, units[unit]);
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
