// Package catalogue knows which models and engine libraries exist, which of them are on disk, and how to
// get the others. Open it, ask Installed and Default for what can be served, and Pull for what is missing.
//
// On disk everything is one folder of GGUF files with a manifest, and one folder of libraries for each
// engine version. A file counts as installed only under its final name, which it gets by a rename after
// its hash and its header are checked: a pull that dies leaves nothing that looks whole. Files that a
// person put there count too.
//
// Of an installed model another of a type that this machine runs faster may be made (Tune). It lies in a folder
// below and serves in place of the installed file, which stays.
//
// The package loads no model: that is serving/llama.
package catalogue
