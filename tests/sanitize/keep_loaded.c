/* keep_loaded.c - linked into programs under the address sanitizer only: libraries that
 * were loaded stay loaded, so that a leak report can name the driver that leaked and
 * tests/support/leaks.supp can tell it from ours. */
int dlclose(void *handle);

__attribute__((visibility("default"))) int dlclose(void *handle)
{
	(void)handle;
	return 0;
}
