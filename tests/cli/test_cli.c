/* test_cli.c - the command line as a whole: rows, --help, man pages and completion
 * agree; every command has them; the parser takes what they promise and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "blink/base/buf.h"

static char blinkctl[4096];
static struct json_object *commands;

/* Runs a shell command; returns its exit status, the output (stdout) in *out. */
static int shell(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int shell(char **out, const char *fmt, ...)
{
	char command[8192], chunk[4096];
	struct buf b;
	va_list ap;
	size_t n;
	FILE *f;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	buf_init(&b);
	f = popen(command, "r");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_append(&b, chunk, n);
	buf_append(&b, "", 1);
	assert_false(buf_failed(&b));
	status = pclose(f);
	assert_true(WIFEXITED(status));
	if (out)
		*out = (char *)b.data;
	else
		buf_finish(&b);
	return WEXITSTATUS(status);
}

static const char *text_of(struct json_object *j, const char *key)
{
	struct json_object *v;

	assert_true(json_object_object_get_ex(j, key, &v));
	return v ? json_object_get_string(v) : NULL;
}

static struct json_object *options_of(struct json_object *command)
{
	struct json_object *v;

	assert_true(json_object_object_get_ex(command, "options", &v));
	return v;
}

static size_t count(struct json_object *list)
{
	return json_object_array_length(list);
}

static struct json_object *at(struct json_object *list, size_t i)
{
	return json_object_array_get_idx(list, i);
}

/* Text with runs of blanks as one blank, so that line breaks do not matter. */
static void flatten(char *s)
{
	char *to = s;

	for (; *s; s++) {
		bool blank = *s == ' ' || *s == '\n' || *s == '\t';

		if (!blank)
			*to++ = *s;
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	*to = 0;
}

static int load_commands(void **state)
{
	char *json;
	ssize_t n;

	(void)state;
	if (getenv("BLINKCTL")) {
		snprintf(blinkctl, sizeof(blinkctl), "%s", getenv("BLINKCTL"));
	} else {
		/* build/tests/cli/test_cli stands three folders below build */
		n = readlink("/proc/self/exe", blinkctl, sizeof(blinkctl) - 16);
		assert_true(n > 0);
		blinkctl[n] = 0;
		for (int i = 0; i < 3; i++)
			*strrchr(blinkctl, '/') = 0;
		strcat(blinkctl, "/blinkctl");
	}
	assert_int_equal(shell(&json, "'%s' help --json", blinkctl), 0);
	commands = json_tokener_parse(json);
	free(json);
	assert_non_null(commands);
	return 0;
}

static int drop_commands(void **state)
{
	(void)state;
	json_object_put(commands);
	return 0;
}

static void test_every_command_is_described(void **state)
{
	static const char *const wanted[] = {
		"asm", "bench", "capture", "compare", "convert", "corpora", "doctor",
		"dump", "help", "info", "isa", "replay", "report", "verify"
	};
	char *usage;

	(void)state;
	assert_int_equal(shell(&usage, "'%s' --help", blinkctl), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t k = 0;

		while (k < count(commands) && strcmp(text_of(at(commands, k), "name"), wanted[i]))
			k++;
		if (k == count(commands))
			fail_msg("no command %s", wanted[i]);
	}
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i);

		assert_non_null(text_of(c, "synopsis"));
		assert_true(strlen(text_of(c, "summary")) > 10);
		if (strlen(text_of(c, "text")) < 80)
			fail_msg("%s: no text", text_of(c, "name"));
		assert_non_null(strstr(usage, text_of(c, "name")));
		assert_non_null(strstr(usage, text_of(c, "summary")));
	}
	free(usage);
}

static void test_commands_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < count(commands); i++)
		assert_true(strcmp(text_of(at(commands, i - 1), "name"),
				   text_of(at(commands, i), "name")) < 0);
}

/* No letter or name twice, none that is common to all; help texts are there. */
static void test_options_are_distinct(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *list = options_of(at(commands, i));

		assert_true(count(list) <= 32);
		for (size_t k = 0; k < count(list); k++) {
			const char *name = text_of(at(list, k), "name");
			const char *letter = text_of(at(list, k), "letter");

			assert_string_not_equal(name, "json");
			assert_string_not_equal(name, "help");
			assert_true(!letter || *letter != 'h');
			assert_true(strlen(text_of(at(list, k), "help")) > 5);
			for (size_t m = 0; m < k; m++) {
				const char *other = text_of(at(list, m), "letter");

				assert_string_not_equal(name, text_of(at(list, m), "name"));
				assert_true(!letter || !other || *letter != *other);
			}
		}
	}
}

static void test_synopsis_names_real_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		const char *s = text_of(c, "synopsis");

		while ((s = strstr(s, "--"))) {
			size_t n = strspn(s + 2, "abcdefghijklmnopqrstuvwxyz0123456789-"), k;

			for (k = 0; n && k < count(list); k++) {
				const char *name = text_of(at(list, k), "name");

				if (strlen(name) == n && !memcmp(name, s + 2, n))
					break;
			}
			if (n && k == count(list) && strncmp(s, "--json", 6))
				fail_msg("%s: the synopsis names %.*s", text_of(c, "name"),
					 (int)n + 2, s);
			s += n + 2;
		}
	}
}

static void test_help_agrees(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		char *help, want[1024];

		assert_int_equal(shell(&help, "'%s' %s --help", blinkctl, text_of(c, "name")), 0);
		flatten(help);
		assert_non_null(strstr(help, text_of(c, "synopsis")));
		for (size_t k = 0; k < count(list); k++) {
			struct json_object *o = at(list, k);
			const char *value = text_of(o, "value");

			snprintf(want, sizeof(want), "--%s%s%s %s", text_of(o, "name"),
				 value ? " " : "", value ? value : "", text_of(o, "help"));
			if (!strstr(help, want))
				fail_msg("%s --help lacks \"%s\"", text_of(c, "name"), want);
		}
		assert_non_null(strstr(help, "--json"));
		free(help);
	}
}

/* The man page's roff with its escapes undone. */
static void roff_plain(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] == 'f' && s[2])
			s += 2;
		else if (s[0] == '\\' && s[1] == '-')
			*to++ = *++s;
		else if (s[0] == '\\' && s[1] == '&')
			s++;
		else
			*to++ = *s;
	}
	*to = 0;
}

static void test_man_pages_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		char *man, want[256];

		assert_int_equal(shell(&man, "'%s' help --man %s", blinkctl, text_of(c, "name")), 0);
		roff_plain(man);
		assert_non_null(strstr(man, ".SH NAME"));
		assert_non_null(strstr(man, ".SH EXIT STATUS"));
		assert_non_null(strstr(man, text_of(c, "synopsis")));
		for (size_t k = 0; k < count(list); k++) {
			snprintf(want, sizeof(want), "--%s", text_of(at(list, k), "name"));
			if (!strstr(strstr(man, ".SH OPTIONS"), want))
				fail_msg("man page of %s lacks %s", text_of(c, "name"), want);
		}
		free(man);
	}
}

static void test_man_pages_are_clean_roff(void **state)
{
	(void)state;
	if (shell(NULL, "command -v man groff >/dev/null")) {
		print_message("# man and groff are not installed (groff-base, man-db)\n");
		skip();
	}
	for (size_t i = 0; i <= count(commands); i++) {
		const char *name = i < count(commands) ? text_of(at(commands, i), "name") : "";
		char *complaints;

		shell(&complaints, "'%s' help --man %s | LC_ALL=C.UTF-8 MANWIDTH=80 "
		      "man --warnings -E UTF-8 -l -Tutf8 -Z - 2>&1 >/dev/null", blinkctl, name);
		assert_string_equal(complaints, "");
		free(complaints);
	}
}

/* Completing "--" after a command gives exactly its long options. */
static void test_completion_agrees(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		const char *name = text_of(c, "name");
		char *words, want[128];
		size_t lines = 0;

		assert_int_equal(shell(&words, "bash -c '. <(%s help --completion); "
			"COMP_WORDS=(blinkctl %s --); COMP_CWORD=2; _blinkctl; "
			"printf \"%%s\\n\" \"${COMPREPLY[@]}\"'", blinkctl, name), 0);
		for (const char *s = words; *s; s++)
			lines += *s == '\n';
		assert_int_equal(lines, count(list) + 2);   /* --help and --json */
		for (size_t k = 0; k < count(list); k++) {
			snprintf(want, sizeof(want), "--%s\n", text_of(at(list, k), "name"));
			if (!strstr(words, want))
				fail_msg("completion of %s lacks %s", name, want);
		}
		free(words);
	}
}

static void test_completion_of_command_names(void **state)
{
	char *words;

	(void)state;
	assert_int_equal(shell(&words, "bash -c '. <(%s help --completion); "
		"COMP_WORDS=(blinkctl conv); COMP_CWORD=1; _blinkctl; echo ${COMPREPLY[@]}'",
		blinkctl), 0);
	assert_string_equal(words, "convert\n");
	free(words);
}

static void test_parser_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		const char *name = text_of(c, "name");

		assert_int_equal(shell(NULL, "'%s' %s --no-such 2>/dev/null", blinkctl, name), 2);
		assert_int_equal(shell(NULL, "'%s' %s --json=1 2>/dev/null", blinkctl, name), 2);
		for (size_t k = 0; k < count(list); k++) {
			const char *o = text_of(at(list, k), "name");
			/* a value left out, and a value where none belongs */
			const char *tail = text_of(at(list, k), "value") ? "" : "=1";

			assert_int_equal(shell(NULL, "'%s' %s --%s%s 2>/dev/null", blinkctl,
					       name, o, tail), 2);
		}
	}
}

/* Every option with its value is taken: --help behind it still answers. */
static void test_parser_accepts_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < count(commands); i++) {
		struct json_object *c = at(commands, i), *list = options_of(c);
		const char *name = text_of(c, "name");

		for (size_t k = 0; k < count(list); k++) {
			const char *o = text_of(at(list, k), "name");
			const char *letter = text_of(at(list, k), "letter");
			bool valued = text_of(at(list, k), "value") != NULL;

			assert_int_equal(shell(NULL, "'%s' %s --%s%s --help >/dev/null",
					       blinkctl, name, o, valued ? "=1" : ""), 0);
			assert_int_equal(shell(NULL, "'%s' %s --%s%s --help >/dev/null",
					       blinkctl, name, o, valued ? " 1" : ""), 0);
			if (letter)
				assert_int_equal(shell(NULL, "'%s' %s -%s%s -h >/dev/null",
						       blinkctl, name, letter,
						       valued ? "1" : ""), 0);
		}
	}
}

static void test_usage_errors(void **state)
{
	char *out;

	(void)state;
	assert_int_equal(shell(NULL, "'%s' 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(&out, "'%s' nonsense 2>&1", blinkctl), 2);
	assert_string_equal(out, "blinkctl: nonsense: no such command (blinkctl --help lists them)\n");
	free(out);
	assert_int_equal(shell(NULL, "'%s' help one two 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(NULL, "'%s' convert 2>/dev/null", blinkctl), 2);
	/* "--" ends the options: --help is an operand then, and no command's name */
	assert_int_equal(shell(NULL, "'%s' help -- --help 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(&out, "'%s' --version", blinkctl), 0);
	assert_int_equal(strncmp(out, "blinkctl ", 9), 0);
	free(out);
}

static void test_lost_output_is_an_error(void **state)
{
	(void)state;
	assert_int_not_equal(shell(NULL, "'%s' help --json 2>/dev/null >/dev/full", blinkctl), 0);
}

static void test_convert_reports_errors(void **state)
{
	char *out;

	(void)state;
	assert_int_equal(shell(&out, "'%s' convert /nonexistent.trace -o /tmp/never.blink 2>&1",
			       blinkctl), 1);
	assert_int_equal(strncmp(out, "blinkctl: ", 10), 0);
	assert_non_null(strstr(out, "/nonexistent.trace"));
	assert_int_not_equal(access("/tmp/never.blink", F_OK), 0);
	free(out);
	assert_int_equal(shell(NULL, "'%s' convert x.trace 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(NULL, "'%s' convert x.trace -o y --level 99 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(NULL, "'%s' convert x.trace -o y --frames -1 2>/dev/null", blinkctl), 2);
	assert_int_equal(shell(NULL, "'%s' bench --without GL_X server 2>/dev/null", blinkctl), 1);
	assert_int_equal(shell(NULL, "'%s' bench --live --without 'GL_X -GL_Y' server gears-sp "
			       "2>/dev/null", blinkctl), 1);
}

static void test_input_is_not_replaced(void **state)
{
	char name[] = "/tmp/cli-input-XXXXXX", *out;
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(shell(NULL, "printf 'blink 1\\n' > %s", name), 0);
	assert_int_equal(shell(&out, "'%s' asm %s -o %s 2>&1", blinkctl, name, name), 2);
	assert_non_null(strstr(out, "is the input, too"));
	free(out);
	assert_int_equal(shell(NULL, "'%s' convert %s -o %s 2>/dev/null", blinkctl, name, name), 2);
	assert_int_equal(shell(&out, "cat %s", name), 0);
	assert_string_equal(out, "blink 1\n");
	free(out);
	unlink(name);
}

static void test_fifo_is_refused_not_awaited(void **state)
{
	static const char *const words[] = {
		"info", "dump", "verify", "asm -o /tmp/never.blink", "convert -o /tmp/never.blink",
		"replay --sink null",
	};
	char folder[] = "/tmp/cli-fifo-XXXXXX", *out;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(shell(NULL, "mkfifo %s/f", folder), 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(shell(&out, "timeout 20 '%s' %s %s/f 2>&1", blinkctl, words[i],
				       folder), 1);
		assert_int_equal(strncmp(out, "blinkctl: ", 10), 0);
		free(out);
	}
	assert_int_equal(shell(NULL, "rm -r %s", folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_is_described),
		cmocka_unit_test(test_commands_are_sorted),
		cmocka_unit_test(test_options_are_distinct),
		cmocka_unit_test(test_synopsis_names_real_options),
		cmocka_unit_test(test_help_agrees),
		cmocka_unit_test(test_man_pages_agree),
		cmocka_unit_test(test_man_pages_are_clean_roff),
		cmocka_unit_test(test_completion_agrees),
		cmocka_unit_test(test_completion_of_command_names),
		cmocka_unit_test(test_parser_refuses),
		cmocka_unit_test(test_parser_accepts_every_option),
		cmocka_unit_test(test_usage_errors),
		cmocka_unit_test(test_lost_output_is_an_error),
		cmocka_unit_test(test_convert_reports_errors),
		cmocka_unit_test(test_input_is_not_replaced),
		cmocka_unit_test(test_fifo_is_refused_not_awaited),
	};

	return cmocka_run_group_tests(tests, load_commands, drop_commands);
}
