/* fuzz_results.c - any text as a results file: one error, or a file that can be shown,
 * compared with itself (no difference), and read again from what would be written. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct results r, again;
	struct json_object *j;
	const char *text;
	bool differs = false;

	if (results_parse(&r, "input", (const char *)data, size, &err) < 0) {
		if (!err.text[0])
			abort();
		return 0;
	}
	json_object_put(results_show(&r));
	j = results_diff(&r, &r, &differs, &err);
	json_object_put(j);
	text = json_object_to_json_string_ext(r.json, JSON_C_TO_STRING_PLAIN);
	if (results_parse(&again, "again", text, strlen(text), &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	if (again.count != r.count)
		abort();
	results_close(&again);
	results_close(&r);
	return 0;
}
