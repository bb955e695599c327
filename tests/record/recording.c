/* recording.c - see recording.h. */
#include "tests/record/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char trace[64], rec[64], blink[2][64];

int recording_setup(void **state)
{
	int pid = (int)getpid();

	(void)state;
	snprintf(trace, sizeof(trace), "/tmp/test_recording.%d.trace", pid);
	snprintf(rec, sizeof(rec), "/tmp/test_recording.%d.rec", pid);
	for (int i = 0; i < 2; i++)
		snprintf(blink[i], sizeof(blink[i]), "/tmp/test_recording.%d.%d.blink", pid, i);
	return 0;
}

int recording_teardown(void **state)
{
	(void)state;
	unlink(trace);
	unlink(rec);
	unlink(blink[0]);
	unlink(blink[1]);
	return 0;
}

void recording_all(struct tracegen *g)
{
	static const float triangle[] = { 0, 0, 1, 0, 0, 1 };
	static const uint8_t pixels[64] = { 1, 2, 3 };
	static const int names[] = { 7, 9 };
	static const uint16_t indices[] = { 0, 1, 2 };

	tracegen_window(g);
	tracegen_call(g, 0, "glGenTextures", "n=i,textures=I[2]", 2, names);
	tracegen_call(g, 0, "glBindTexture", "target=e,texture=u", 0x0DE1, UINT64_C(7));
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF5, 1);
	tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=i,width=i,height=i,"
		      "border=i,format=e,type=e,pixels=b", 0x0DE1, 0, 0x1907, 4, 4, 0, 0x1907, 0x1401,
		      pixels, (size_t)48);
	tracegen_call(g, 0, "glCreateShader", "type=e,=u", 0x8B31, UINT64_C(3));
	tracegen_call(g, 0, "glShaderSource", "shader=u,count=i,string=S,length=n", UINT64_C(3), 1,
		      "void main() { gl_Position = vec4(0.0); }");
	tracegen_call(g, 0, "glCreateProgram", "=u", UINT64_C(4));
	tracegen_call(g, 0, "glAttachShader", "program=u,shader=u", UINT64_C(4), UINT64_C(3));
	tracegen_call(g, 0, "glLinkProgram", "program=u", UINT64_C(4));
	tracegen_call(g, 0, "glGetUniformLocation", "program=u,name=s,=i", UINT64_C(4), "colour", 2);
	tracegen_call(g, 0, "glUseProgram", "program=u", UINT64_C(4));
	tracegen_call(g, 0, "glUniform1f", "location=i,v0=f", 2, 0.5);
	tracegen_call(g, 0, "glVertexPointer", "size=i,type=e,stride=i,pointer=b", 2, 0x1406, 0,
		      triangle, sizeof(triangle));
	tracegen_call(g, 0, "glDrawArrays", "mode=e,first=i,count=i", 4, 0, 3);
	tracegen_call(g, 0, "glDrawElements", "mode=e,count=i,type=e,indices=b", 4, 3, 0x1403,
		      indices, sizeof(indices));
	tracegen_call(g, 0, "glColor4fv", "v=F[4]", (const double[]){ 0, 0.25, 0.5, 1 });
	tracegen_call(g, 0, "glBindBuffer", "target=e,buffer=u", 0x8892, UINT64_C(5));
	tracegen_call(g, 0, "glBufferData", "target=e,size=i,data=n,usage=e", 0x8892, 64, 0x88E4);
	tracegen_call(g, 0, "glMapBuffer", "target=e,access=e,=p", 0x8892, 0x88B9, UINT64_C(0x5000));
	tracegen_call(g, 0, "memcpy", "dest=p,src=b,n=u", UINT64_C(0x5008), pixels, (size_t)16,
		      UINT64_C(16));
	tracegen_call(g, 0, "glUnmapBuffer", "target=e,=i", 0x8892, 1);
	tracegen_swap(g);
	tracegen_call(g, 0, "glDeleteTextures", "n=i,textures=I[2]", 2, names);
	tracegen_call(g, 0, "glClear", "mask=u", UINT64_C(0x4000));
	tracegen_swap(g);
}

struct recgen *recording_sample(void)
{
	struct tracegen *t = tracegen_create();
	struct trace_call call;
	struct recgen *g;
	struct trace *reader;

	recording_all(t);
	assert_int_equal(tracegen_save(t, trace, 0), 0);
	tracegen_destroy(t);
	g = recgen_create(rec);
	assert_int_equal(trace_open(&reader, trace, NULL), 0);
	while (trace_next(reader, &call, NULL) > 0)
		recgen_call(g, &call);
	trace_close(reader);
	return g;
}

struct recording *recording_opened(void)
{
	struct error err = { 0 };
	struct recording *r;

	if (recording_open(&r, rec, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}
