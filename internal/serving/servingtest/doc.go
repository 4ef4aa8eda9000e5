// Package servingtest says what a serving.Engine must do: Run is the suite that every chat engine
// passes, and RunEmbed the one of embedding models. Scripted is an engine without a model, for the unit
// tests of everyone above; it passes both. Tests only: nothing in the binary imports it.
package servingtest
