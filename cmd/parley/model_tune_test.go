package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
	"github.com/parley-chat/parley/internal/serving/tune"
)

// tiny writes a model that can be listed.
func tiny(t *testing.T, path string) {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", "llama")
	for _, key := range []string{"context_length", "embedding_length", "block_count"} {
		w.Set("llama."+key, uint32(8))
	}
	w.Set("tokenizer.ggml.tokens", []string{"a"})
	gguftest.Numbers(w, "t", 0, 1)
	gguftest.Write(t, path, w)
}

// copier is a workshop that makes copies and finds them twice as fast.
type copier struct{}

func (copier) Quantize(_ context.Context, m serving.Model, to, _ string) error {
	raw, err := os.ReadFile(m.Path)
	return errors.Join(err, os.WriteFile(to, raw, 0o600))
}

func (copier) Compare(context.Context, serving.Model, serving.Model) (tune.Verdict, error) {
	return tune.Verdict{Source: tune.Speed{Prefill: 100, One: 10, Eight: 40}, Candidate: tune.Speed{Prefill: 200, One: 20, Eight: 80}, Rounds: 3, Least: 1.9}, nil
}

func (copier) About(context.Context) (machine, engine string) {
	return "a small machine", "llama.cpp v1"
}

func TestModelTune(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	tiny(t, filepath.Join(data, "models", "mine.gguf"))
	var given time.Duration
	tools := modelTools{
		open: opener(data, catalogue.DefaultEngineConfig()),
		workshop: func(_ *catalogue.Catalogue, within time.Duration) (catalogue.Workshop, error) {
			given = within
			return copier{}, nil
		},
	}
	out, _, err := runTools(t, tools, "tune", "--within", "3s", "mine")
	if err != nil || given != 3*time.Second {
		t.Fatalf("%v, within %v", err, given)
	}
	for _, want := range []string{"mine is now used as Q8_0", "instead of F32", "together 2.00 times", "parley model tune --undo mine"} {
		if strings.Count(out, "\n") != 1 || !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	list, _, err := runTools(t, tools, "list")
	if err != nil || !strings.Contains(list, "mine is now used as Q8_0") || !strings.Contains(list, "on a small machine with llama.cpp v1") {
		t.Errorf("%v, the list says\n%s", err, list)
	}
	if out, _, err = runTools(t, tools, "tune", "--undo", "mine"); err != nil || !strings.Contains(out, "as it was installed") {
		t.Errorf("undo says %q, %v", out, err)
	}
	if _, _, err = runTools(t, tools, "tune", "--undo", "mine"); err == nil || !strings.Contains(err.Error(), "nothing was made") {
		t.Errorf("undo twice: %v", err)
	}
}

// The end of a pull tunes what is new, and makes no failed install of what goes wrong there.
func TestPullTunesWhatIsNew(t *testing.T) {
	t.Parallel()
	data, libraries := t.TempDir(), t.TempDir()
	for _, id := range []string{"old", "new", "breaks"} {
		tiny(t, filepath.Join(data, "models", id+".gguf"))
	}
	for _, name := range []string{"libllama.so", "libggml.so", "libggml-base.so"} {
		if err := os.WriteFile(filepath.Join(libraries, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var tried []string
	tools := modelTools{tuneApart: func(_ *cobra.Command, id string, within time.Duration) error {
		if within != leastTime {
			t.Errorf("%s has %v", id, within)
		}
		tried = append(tried, id)
		if id == "breaks" {
			return errors.New("signal: aborted")
		}
		return nil
	}}
	run := func(engine catalogue.EngineConfig) string {
		c, err := opener(data, engine)(nil)
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		cmd.SetErr(&errs)
		if err := tuneNew(cmd, tools, c, []string{"old", "breaks", "new"}, map[string]bool{"old": true}); err != nil {
			t.Errorf("the pull fails: %v", err)
		}
		return errs.String()
	}
	if run(catalogue.DefaultEngineConfig()); len(tried) > 0 {
		t.Errorf("without an engine it tried %q", tried)
	}
	said := run(catalogue.EngineConfig{Dir: libraries})
	if strings.Join(tried, " ") != "breaks new" || !strings.Contains(said, "warning: ") || !strings.Contains(said, "parley model tune breaks") {
		t.Errorf("tried %q, said %q", tried, said)
	}
}
