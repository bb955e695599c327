/* scene_shader.c - sources for scene.c: shaders that read by indices which a client chooses,
 * of every stage, and programs in assembly. */
#include <GL/gl.h>
#include <GL/glext.h>

#include <string.h>

#include "blink/verify/shader.h"
#include "tests/soundness/program.h"

#define INDEX "uniform int name; uniform int a; uniform int bc;\n"
#define LEGACY "#version 120\n" INDEX
#define MODERN "#version 330 compatibility\n" INDEX

static const struct scene_shader shaders[] = {
	{ GL_VERTEX_SHADER, LEGACY "attribute vec4 b; varying vec4 v; uniform vec4 def[8];\n"
	  "void main() { v = b + def[a]; gl_FrontColor = gl_Color; gl_TexCoord[0] = gl_MultiTexCoord0;\n"
	  "gl_TexCoord[3] = gl_MultiTexCoord1; gl_PointSize = float(name);\n"
	  "gl_Position = gl_ModelViewProjectionMatrix * gl_Vertex; }\n" },
	{ GL_FRAGMENT_SHADER, LEGACY "uniform sampler2D s; uniform samplerCube c; varying vec4 v;\n"
	  "uniform sampler3D d; uniform sampler2DShadow w;\n"
	  "void main() { gl_FragColor = v + gl_Color + texture2D(s, gl_TexCoord[0].xy, float(bc))\n"
	  "+ textureCube(c, gl_TexCoord[3].xyz) + texture3D(d, gl_TexCoord[0].xyz)\n"
	  "+ shadow2D(w, v.xyz); gl_FragDepth = float(name); }\n" },
	{ GL_VERTEX_SHADER, MODERN "layout(location = 0) in vec4 p; layout(location = 1) in ivec4 i;\n"
	  "layout(location = 2) in uvec4 u; out vec4 v; flat out ivec4 f; out vec4 many[3];\n"
	  "layout(std140) uniform B { vec4 b[16]; mat4 m; };\n"
	  "void main() { v = p; f = i + ivec4(u); many[0] = many[1] = many[2] = b[gl_VertexID + name];\n"
	  "many[name] += p; gl_ClipDistance[0] = p.x; gl_PointSize = p.y; gl_Position = p + b[a]; }\n" },
	{ GL_FRAGMENT_SHADER, MODERN "in vec4 v; flat in ivec4 f; in vec4 many[3];\n"
	  "uniform sampler2DArray s; uniform samplerBuffer d; uniform isampler2D e; uniform sampler2DMS g;\n"
	  "out vec4 c;\n"
	  "void main() { float l[32]; for (int k = 0; k < 32; k++) l[k] = v.x * float(k);\n"
	  "l[name] = 3.0; c = many[bc] + texelFetch(s, ivec3(name, a, bc), a) + texelFetch(d, name)\n"
	  "+ vec4(texelFetch(e, f.xy, bc)) + texelFetch(g, ivec2(a, bc), name) + vec4(l[a])\n"
	  "+ vec4(textureSize(s, name), 1) + textureLod(s, v.xyz, float(a)); }\n" },
	{ GL_FRAGMENT_SHADER, MODERN "in vec4 v; uniform sampler2DRect s; uniform sampler1DArray d;\n"
	  "uniform samplerCubeShadow e; uniform sampler2DArrayShadow g; uniform sampler1D h;\n"
	  "layout(location = 0, index = 0) out vec4 c; layout(location = 0, index = 1) out vec4 o;\n"
	  "void main() { c = texture(s, v.xy * 1e30) + texture(d, v.xy) + texture(h, v.x, float(name))\n"
	  "+ vec4(texture(e, v) + texture(g, v)); o = textureGrad(h, v.x, float(a), float(bc))\n"
	  "+ textureOffset(d, v.xy, 7) + texelFetch(s, ivec2(name, a)); if (v.x < 0.1) discard; }\n" },
	{ GL_FRAGMENT_SHADER, MODERN "in vec4 v; uniform usampler3D s; uniform isamplerCube d;\n"
	  "uniform usampler2DMSArray e; out uvec4 c[3];\n"
	  "void main() { c[0] = texture(s, v.xyz) + uvec4(texture(d, v.xyz)); c[1] = texelFetch(s, ivec3(a, bc, name), bc);\n"
	  "c[2] = texelFetch(e, ivec3(a, bc, name), name) + uvec4(a / name, a % bc, a << bc, uint(a) / uint(bc)); }\n" },
	{ GL_GEOMETRY_SHADER, MODERN "layout(triangles) in; layout(triangle_strip, max_vertices = 8) out;\n"
	  "in vec4 v[]; out vec4 many[3];\n"
	  "void main() { for (int k = 0; k < name; k++) { if (k > 100) break; gl_Position = gl_in[k % 3].gl_Position;\n"
	  "many[0] = many[1] = many[2] = v[a & 1]; gl_Layer = bc; gl_PrimitiveID = a; EmitVertex();\n"
	  "if (k % 4 == 3) EndPrimitive(); } }\n" },
	{ GL_GEOMETRY_SHADER, MODERN "layout(points) in; layout(line_strip, max_vertices = 3) out;\n"
	  "out vec4 v; void main() { gl_Position = gl_in[0].gl_Position; v = vec4(a); EmitVertex();\n"
	  "gl_Position.x += 1.0; EmitVertex(); EndPrimitive(); }\n" },
	{ GL_GEOMETRY_SHADER, "#version 400 compatibility\n" INDEX
	  "layout(lines_adjacency, invocations = 4) in; layout(points, max_vertices = 64) out;\n"
	  "layout(stream = 0) out vec4 v; layout(stream = 1) out vec4 w; void main() {\n"
	  "for (int k = 0; k < 40; k++) { v = gl_in[k & 3].gl_Position; EmitStreamVertex(0);\n"
	  "w = v; EmitStreamVertex(1); } gl_ViewportIndex = a; gl_Position = v; EmitVertex(); }\n" },
	{ GL_FRAGMENT_SHADER, "#version 400 compatibility\n" INDEX
	  "in vec4 v; uniform sampler2D s[3]; uniform samplerCubeArray d; uniform sampler2DShadow e;\n"
	  "layout(std140) uniform B { vec4 b[4]; } many[2];\n"
	  "void main() { gl_FragColor = texture(s[name], v.xy) + texture(d, v) + many[a].b[bc]\n"
	  "+ textureGather(s[0], v.xy, 2) + textureGatherOffsets(s[1], v.xy, ivec2[4](ivec2(-8), ivec2(7), ivec2(1), ivec2(0)))\n"
	  "+ textureGather(e, v.xy, 0.5) + textureQueryLod(s[2], v.xy).xyxy + vec4(gl_SampleID) + gl_SamplePosition.xyxy;\n"
	  "gl_SampleMask[0] = a; }\n" },
	{ GL_FRAGMENT_SHADER, "#version 430 compatibility\n" INDEX
	  "layout(std430, binding = 0) buffer B { int b[]; } many[2]; in vec4 v;\n"
	  "layout(rgba8, binding = 0) uniform image2D i; layout(r32i, binding = 1) uniform iimageBuffer j;\n"
	  "layout(binding = 0) uniform atomic_uint n;\n"
	  "void main() { many[0].b[name] = a; many[a].b[0] += many[1].b[bc]; atomicAdd(many[0].b[a], 2);\n"
	  "imageStore(i, ivec2(name, a), v); imageAtomicAdd(j, bc, 1); atomicCounterIncrement(n);\n"
	  "gl_FragColor = imageLoad(i, ivec2(a, bc)) + vec4(many[0].b.length()); }\n" },
	{ GL_VERTEX_SHADER, "#version 400 compatibility\n" INDEX "out vec4 v; out vec4 many[3];\n"
	  "layout(location = 0) in dvec4 p; layout(location = 4) in dvec2 q; uniform dmat4 d; subroutine vec4 S();\n"
	  "subroutine uniform S s; subroutine(S) vec4 one() { return vec4(1); }\n"
	  "subroutine(S) vec4 two() { return vec4(p); }\n"
	  "void main() { v = s(); many[0] = many[1] = many[2] = vec4(d * p) + vec4(q.xyxy);\n"
	  "gl_Position = vec4(p) * v; }\n" },
	{ GL_TESS_CONTROL_SHADER, "#version 400 compatibility\n" INDEX "layout(vertices = 3) out;\n"
	  "void main() { gl_out[gl_InvocationID].gl_Position = gl_in[gl_InvocationID + name].gl_Position;\n"
	  "gl_TessLevelOuter[0] = gl_TessLevelOuter[1] = gl_TessLevelOuter[2] = gl_TessLevelInner[0] = float(a); }\n" },
	{ GL_TESS_EVALUATION_SHADER, "#version 400 compatibility\n" INDEX "layout(triangles) in; out vec4 v;\n"
	  "void main() { v = gl_Position = gl_in[name].gl_Position + gl_in[a].gl_Position; }\n" },
	{ GL_COMPUTE_SHADER, "#version 430\n" INDEX "layout(local_size_x = 8) in; shared int s[16];\n"
	  "layout(std430, binding = 0) buffer B { int b[]; };\n"
	  "void main() { s[name] = a; barrier(); b[bc] = s[a]; }\n" },
	{ GL_VERTEX_PROGRAM_ARB, "!!ARBvp1.0\nADDRESS x;\nTEMP t;\nPARAM p[8] = { program.env[0..7] };\n"
	  "PARAM l[90] = { program.local[0..89] };\nARL x.x, vertex.attrib[3].x;\nMOV t, p[x.x];\nADD t, t, l[x.x + 63];\n"
	  "LIT result.color, t;\nDP4 result.position.x, vertex.position, state.matrix.mvp.row[0];\n"
	  "MOV result.position.yzw, vertex.position;\nMOV result.texcoord[7], vertex.texcoord[0];\n"
	  "EX2 result.pointsize.x, t.x;\nEND\n" },
	{ GL_FRAGMENT_PROGRAM_ARB, "!!ARBfp1.0\nTEMP t;\nTXP t, fragment.texcoord[0], texture[0], 2D;\n"
	  "TXB t, t, texture[1], CUBE;\nTEX t, t, texture[2], 3D;\nTEX t, t, texture[3], RECT;\nKIL t;\nPOW t.x, t.x, t.y;\n"
	  "SCS t.xy, t.x;\nMUL result.color, t, program.env[3];\nMOV result.depth.z, program.local[20].x;\nEND\n" },
	{ GL_FRAGMENT_SHADER, MODERN "in vec4 v; void main() { gl_FragData[0] = v; gl_FragData[1] = vec4(a);\n"
	  "mat4 m = mat4(v.x); m[name][a] = 2.0; vec4 q = v; q[bc] = 1.0; gl_FragData[2] = m[a] + q; }\n" },
};

struct shader_judge *scene_judge(void)
{
	static struct shader_judge *judge;
	struct shader_verdict v;
	struct error err;

	if (judge || shader_judge_create(&judge, &shader_limits_default, &err) < 0)
		return judge;
	for (unsigned i = 0; scene_shader(i); i++)
		shader_judge(judge, shaders[i].stage, shaders[i].text, strlen(shaders[i].text), &v);
	return judge;
}

const struct scene_shader *scene_shader(unsigned i)
{
	return i < sizeof(shaders) / sizeof(*shaders) ? &shaders[i] : NULL;
}
