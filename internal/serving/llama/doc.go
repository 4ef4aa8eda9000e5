// Package llama runs GGUF models inside the process, by llama.cpp's shared libraries. It fills
// serving.Loader and serving.Engine. DESIGN.md beside this file has the path of a request, the reasons
// and the pitfalls; begin reading at Runtime.Load. Scheduling is in the folder batching, stop strings
// and UTF-8 in holdback, grammars in grammar, calls of tools in toolcall, all without native code.
package llama
