package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/serving/catalogue"
)

// runModel runs `parley model ...` over a data folder.
func runModel(t *testing.T, data string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return runTools(t, modelTools{open: opener(data, catalogue.DefaultEngineConfig())}, args...)
}

func opener(data string, engine catalogue.EngineConfig) func(*cobra.Command) (*catalogue.Catalogue, error) {
	return func(*cobra.Command) (*catalogue.Catalogue, error) {
		cfg := catalogue.DefaultConfig()
		cfg.HubURL = "http://127.0.0.1:1" // nobody answers there
		return catalogue.Open(cfg, engine, data, configs.FS)
	}
}

func runTools(t *testing.T, tools modelTools, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := newModelCmd(tools)
	var out, errs bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SilenceUsage = true
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestModelList(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "models"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "models", "broken.gguf"), []byte("GGUF"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := runModel(t, data, "list")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"smollm2-135m-instruct", "available", "Apache-2.0", "98 MB", "~5.0 GB", "broken cannot be used: not a usable GGUF file", filepath.Join(data, "models")} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	out, _, err = runModel(t, data, "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var items []modelJSON
	if err := json.Unmarshal([]byte(out), &items); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, i := range items {
		states[i.ID] = i.State
		if i.State == "available" && (i.Bytes == 0 || i.MemoryMB == 0 || i.Context == 0 || i.License == "" || i.Kind == "") {
			t.Errorf("%+v", i)
		}
	}
	if states["broken"] != "damaged" || states["all-minilm-l6-v2"] != "available" {
		t.Errorf("states are %v", states)
	}
}

func TestModelPullSaysWhatFailed(t *testing.T) {
	t.Parallel()
	_, stderr, err := runModel(t, t.TempDir(), "pull", "qwen3-0.6b")
	if err == nil || !strings.Contains(err.Error(), "cannot be reached") || !strings.Contains(err.Error(), "Without a connection") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(stderr, "asking http://127.0.0.1:1 for qwen3-0.6b (Apache-2.0)") {
		t.Errorf("it showed %q", stderr)
	}
}

func TestModelRm(t *testing.T) {
	t.Parallel()
	if _, _, err := runModel(t, t.TempDir(), "rm", "qwen3-0.6b"); err == nil || !strings.Contains(err.Error(), "is not installed") {
		t.Errorf("got %v", err)
	}
	if _, _, err := runModel(t, t.TempDir(), "rm"); err == nil {
		t.Error("rm without a name did something")
	}
}

func TestModelVerify(t *testing.T) {
	t.Parallel()
	out, _, err := runModel(t, t.TempDir(), "verify")
	if err == nil || !strings.Contains(out, "BAD  engine: ") || !strings.Contains(out, "parley model pull --engine") {
		t.Errorf("%v with\n%s", err, out)
	}
}

func TestProgressLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := newPullProgress(&out)
	p.now = func() time.Time { return now }
	if p.finish() {
		t.Error("nothing was done yet")
	}
	p.Begin(catalogue.PhaseLoad, "downloading x", 200e6)
	for percent := range int64(101) {
		now = now.Add(200 * time.Millisecond)
		p.At(percent * 2e6)
	}
	p.Begin(catalogue.PhaseLoad, "slow", 100e6)
	for range 12 { // a step that crawls says so every few seconds, if it moves at all
		now = now.Add(time.Second)
		p.At(1e6)
	}
	p.Begin(catalogue.PhaseLoad, "waiting", 0)
	p.At(5)
	if !p.finish() {
		t.Error("something was done")
	}
	want := "downloading x, 200 MB\n"
	for _, percent := range []string{"10", "20", "30", "40", "50", "60", "70", "80", "90"} {
		want += "downloading x: " + percent + " % of 200 MB\n"
	}
	want += "slow, 100 MB\nslow: 1 % of 100 MB\nwaiting\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestModelAddSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, _, err := runModel(t, t.TempDir(), "add", "x.gguf"); err == nil || !strings.Contains(err.Error(), "base") {
		t.Errorf("without a base: %v", err)
	}
	if _, _, err := runModel(t, t.TempDir(), "add", "x.gguf", "--base", "nothing"); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Errorf("with a base that is not there: %v", err)
	}
}
