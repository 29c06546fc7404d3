/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *rule;
} errors[] = {
#define VEIL_ERROR_ROW(name, rule) { #name, rule },
    VEIL_ERRORS(VEIL_ERROR_ROW)
#undef VEIL_ERROR_ROW
};

static bool is_ours(int code)
{
    return code > VEIL_E_BELOW_FIRST && code < VEIL_E_AFTER_LAST;
}

const char *veil_err_name(int code)
{
    const char *name;

    if (is_ours(code))
        return errors[code - VEIL_E_BELOW_FIRST - 1].name;
    name = strerrorname_np(-code);
    return name ? name : "unknown error";
}

const char *veil_err_rule(int code)
{
    const char *rule;

    if (is_ours(code))
        return errors[code - VEIL_E_BELOW_FIRST - 1].rule;
    rule = strerrordesc_np(-code);
    return rule ? rule : "unknown error";
}

int veil_err(VeilErr *err, int code, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (!err)
        return code;
    err->code = code;
    va_start(ap, fmt);
    n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->text))
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s (%s)", veil_err_rule(code),
                 veil_err_name(code));
    return code;
}
