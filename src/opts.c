/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "opts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

#define FIELD(target, row, type) ((type *)(void *)((char *)(target) + (row)->offset))

static bool takes_argument(const VeilOpt *row)
{
    return row->type != VEIL_OPT_FLAG;
}

const VeilOpt *veil_opts_find(const VeilOpt *rows, const char *name)
{
    for (; rows->name; rows++)
        if (!strcmp(rows->name, name))
            return rows;
    return NULL;
}

static int set_flag(bool *field, const char *value, const char *where)
{
    if (!strcmp(value, "true") || !strcmp(value, "false")) {
        *field = value[0] == 't';
        return 0;
    }
    veil_error("%s is '%s'; give true or false", where, value);
    return -EINVAL;
}

static int set_number(void *target, const VeilOpt *row, const char *value, const char *where)
{
    char *end;
    const double number = strtod(value, &end);
    const bool whole = row->type != VEIL_OPT_INT || number == rint(number);

    if (end == value || *end || !isfinite(number) || !whole || number < row->min || number > row->max) {
        veil_error("%s is '%s'; give a %snumber from %g to %g", where, value,
                   row->type == VEIL_OPT_INT ? "whole " : "", row->min, row->max);
        return -EINVAL;
    }
    if (row->type == VEIL_OPT_INT)
        *FIELD(target, row, int) = (int)number;
    else
        *FIELD(target, row, double) = number;
    return 0;
}

static bool is_choice(const char *choices, const char *value)
{
    const size_t len = strlen(value);

    for (const char *word = choices; word; word = strchr(word, '|')) {
        word += *word == '|';
        if (len && !strchr(value, '|') && !strncmp(word, value, len) && (word[len] == '|' || !word[len]))
            return true;
    }
    return false;
}

static int set_string(char **field, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int append(VeilStrings *list, const char *value)
{
    char **at = realloc(list->at, (size_t)(list->n + 1) * sizeof(*at));

    if (!at)
        return -ENOMEM;
    list->at = at;
    if (!(at[list->n] = strdup(value)))
        return -ENOMEM;
    list->n++;
    return 0;
}

int veil_opts_set(void *target, const VeilOpt *row, const char *value, const char *where)
{
    switch (row->type) {
    case VEIL_OPT_FLAG:
        return set_flag(FIELD(target, row, bool), value, where);
    case VEIL_OPT_INT:
    case VEIL_OPT_DOUBLE:
        return set_number(target, row, value, where);
    case VEIL_OPT_CHOICE:
        if (!is_choice(row->choices, value)) {
            veil_error("%s is '%s'; give one of %s", where, value, row->choices);
            return -EINVAL;
        }
        return set_string(FIELD(target, row, char *), value);
    case VEIL_OPT_STRING:
        return set_string(FIELD(target, row, char *), value);
    case VEIL_OPT_LIST:
        return append(FIELD(target, row, VeilStrings), value);
    }
    return -EINVAL;
}

static const VeilOpt *find_letter(const VeilOpt *rows, char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

/* One "--name", "--name=value", "--no-name" or "-x" at argv[*i]; steps *i over
 * an argument taken from the next word. */
static int parse_one(void *target, const VeilOpt *rows, int argc, char **argv, int *i)
{
    char name[64] = "", where[96];
    const char *word = argv[*i], *value = NULL;
    const VeilOpt *row = NULL;
    bool negated = false;

    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        const size_t len = equals ? (size_t)(equals - word - 2) : strlen(word + 2);
        memcpy(name, word + 2, len < sizeof(name) ? len : 0); /* longer than any name: stays unknown */
        value = equals ? equals + 1 : NULL;
        row = veil_opts_find(rows, name);
        if (!row && !strncmp(name, "no-", 3) && !value) {
            row = veil_opts_find(rows, name + 3);
            negated = row && row->type == VEIL_OPT_FLAG;
            row = negated ? row : NULL;
        }
    } else if (!word[2]) {
        row = find_letter(rows, word[1]);
    }
    if (!row) {
        veil_error("unknown option '%s'; --help lists the options", word);
        return -EINVAL;
    }
    snprintf(where, sizeof(where), "option '--%s'", row->name);
    if (!takes_argument(row)) {
        if (value)
            return veil_opts_set(target, row, value, where);
        return veil_opts_set(target, row, negated ? "false" : "true", where);
    }
    if (!value && *i + 1 >= argc) {
        veil_error("option '--%s' needs a value; give --%s %s", row->name, row->name, row->arg);
        return -EINVAL;
    }
    return veil_opts_set(target, row, value ? value : argv[++*i], where);
}

int veil_opts_parse(void *target, const VeilOpt *rows, int argc, char **argv, char **operands)
{
    int n = 0, ret;
    bool options_ended = false;

    for (int i = 1; i < argc; i++) {
        if (options_ended || argv[i][0] != '-' || !argv[i][1]) {
            operands[n++] = argv[i];
        } else if (!strcmp(argv[i], "--")) {
            options_ended = true;
        } else if ((ret = parse_one(target, rows, argc, argv, &i)) < 0) {
            return ret;
        }
    }
    return n;
}

char *veil_opts_print(const void *target, const VeilOpt *row, char *out, size_t cap)
{
    const char *text;

    switch (row->type) {
    case VEIL_OPT_FLAG:
        snprintf(out, cap, "%s", *FIELD(target, row, const bool) ? "true" : "false");
        break;
    case VEIL_OPT_INT:
        snprintf(out, cap, "%d", *FIELD(target, row, const int));
        break;
    case VEIL_OPT_DOUBLE:
        snprintf(out, cap, "%g", *FIELD(target, row, const double));
        break;
    case VEIL_OPT_STRING:
    case VEIL_OPT_CHOICE:
        text = *FIELD(target, row, char *const);
        snprintf(out, cap, "%s", text ? text : "");
        break;
    case VEIL_OPT_LIST:
        snprintf(out, cap, "%d given", FIELD(target, row, const VeilStrings)->n);
        break;
    }
    return out;
}

void veil_opts_help(const VeilOpt *rows)
{
    for (; rows->name; rows++) {
        char left[64], letter[8] = "    ";

        if (rows->letter)
            snprintf(letter, sizeof(letter), "-%c, ", rows->letter);
        snprintf(left, sizeof(left), "  %s--%s%s%s", letter, rows->name, takes_argument(rows) ? " " : "",
                 takes_argument(rows) ? rows->arg : "");
        printf("%-31s %s", left, rows->help);
        if (rows->type == VEIL_OPT_CHOICE)
            printf(" (%s)", rows->choices);
        else if (rows->type == VEIL_OPT_INT || rows->type == VEIL_OPT_DOUBLE)
            printf(" (%g to %g)", rows->min, rows->max);
        putchar('\n');
    }
}

void veil_opts_free(void *target, const VeilOpt *rows)
{
    for (; rows->name; rows++) {
        if (rows->type == VEIL_OPT_STRING || rows->type == VEIL_OPT_CHOICE) {
            free(*FIELD(target, rows, char *));
            *FIELD(target, rows, char *) = NULL;
        } else if (rows->type == VEIL_OPT_LIST) {
            VeilStrings *list = FIELD(target, rows, VeilStrings);
            for (int i = 0; i < list->n; i++)
                free(list->at[i]);
            free(list->at);
            *list = (VeilStrings){ 0 };
        }
    }
}
