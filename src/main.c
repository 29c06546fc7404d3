/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Entry: find the command, answer --help and --version, hand over. Built
 * twice: as `veil`, and with VEIL_KEYS_ONLY as `veil-keys`, which a custodian
 * can build and run without any video library.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "msg.h"
#include "version.h"

static const VeilCommand *const commands[] = {
#ifndef VEIL_KEYS_ONLY
    &veil_cmd_redact,
    &veil_cmd_review,
    &veil_cmd_report,
    &veil_cmd_scan,
    &veil_cmd_audit,
    &veil_cmd_open,
    &veil_cmd_close,
    &veil_cmd_match,
    &veil_cmd_models,
    &veil_cmd_doctor,
#endif
    &veil_cmd_keys,
    &veil_cmd_group,
    &veil_cmd_policy,
    &veil_cmd_warrant,
    &veil_cmd_request,
    &veil_cmd_approve,
    &veil_cmd_log,
    &veil_cmd_inspect,
    &veil_cmd_consent,
    NULL
};

static const VeilCommand *find_command(const char *name)
{
    for (int i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static void print_commands(void)
{
    printf("usage: veil COMMAND [OPTIONS]\n\n");
    for (int i = 0; commands[i]; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'veil COMMAND --help' lists a command's options.\n");
}

static void print_command(const VeilCommand *cmd)
{
    printf("usage: veil %s\n\n%s\n", cmd->usage, cmd->summary);
    if (cmd->opts) {
        printf("\noptions:\n");
        veil_opts_help(cmd->opts);
    }
}

/* The verbs of a command stand in its usage: "log new FOLDER", "keys show|passwd FILE". */
static void print_verbs(const VeilCommand *cmd)
{
    const size_t len = strlen(cmd->name);

    for (const char *line = cmd->usage; line; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        line += strncmp(line, "veil ", 5) ? 0 : 5;
        if (strncmp(line, cmd->name, len) || line[len] != ' ' || line[len + 1] < 'a' || line[len + 1] > 'z')
            continue;
        for (line += len + 1; *line >= 'a' && *line <= 'z'; line += *line == '|') {
            const int verb = (int)strspn(line, "abcdefghijklmnopqrstuvwxyz-");

            printf("%.*s\n", verb, line);
            line += verb;
        }
    }
}

/* For shell completion: the words that may follow. */
static void print_words(const VeilCommand *cmd)
{
    if (cmd)
        print_verbs(cmd);
    if (cmd)
        for (const VeilOpt *row = cmd->opts; row && row->name; row++)
            printf("--%s\n", row->name);
    else
        for (int i = 0; commands[i]; i++)
            puts(commands[i]->name);
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    const VeilCommand *cmd;

    if (!strcmp(name, "--version") || !strcmp(name, "version")) {
        printf("veil %s\n", VEIL_VERSION);
        return VEIL_EXIT_DONE;
    }
    if (!strcmp(name, "--words")) {
        print_words(argc > 2 ? find_command(argv[2]) : NULL);
        return VEIL_EXIT_DONE;
    }
    if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
        if (argc > 2 && (cmd = find_command(argv[2])))
            print_command(cmd);
        else
            print_commands();
        return argc > 1 ? VEIL_EXIT_DONE : VEIL_EXIT_ERROR;
    }
    if (!(cmd = find_command(name))) {
        veil_error("unknown command '%s'; 'veil help' lists the commands", name);
        return VEIL_EXIT_ERROR;
    }
    if (asks_help(argc - 1, argv + 1)) {
        print_command(cmd);
        return VEIL_EXIT_DONE;
    }
    return cmd->run(argc - 1, argv + 1);
}
