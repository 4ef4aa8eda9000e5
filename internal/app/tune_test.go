package app_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/edge/openaiapi"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/serving/tune"
)

// copier is a workshop that makes longer copies and finds them twice as fast.
type copier struct{}

func (copier) Quantize(_ context.Context, m serving.Model, to, _ string) error {
	raw, err := os.ReadFile(m.Path)
	return errors.Join(err, os.WriteFile(to, append(raw, make([]byte, 1000)...), 0o600))
}

func (copier) Compare(context.Context, serving.Model, serving.Model) (tune.Verdict, error) {
	return tune.Verdict{
		Source: tune.Speed{Prefill: 100, One: 10, Eight: 40}, Candidate: tune.Speed{Prefill: 200, One: 20, Eight: 80}, Divergence: 0.001, Rounds: 3, Least: 1.9,
	}, nil
}

func (copier) About(context.Context) (machine, engine string) { return "a machine", "an engine" }

// A model that is tuned beside the running server answers from then on, and everybody is told what it is.
func TestTunedModelServes(t *testing.T) {
	t.Parallel()
	var loaded []string
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		loaded = append(loaded, m.Path)
		return &servingtest.Scripted{Model: m}
	}, nil)
	ask := func() {
		t.Helper()
		s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}`)
	}
	ask()
	before := s.model(t, "tiny")
	if before.Tuned != nil {
		t.Errorf("nothing was compared, and it says %+v", before.Tuned)
	}
	shell, err := catalogue.Open(catalogue.DefaultConfig(), catalogue.DefaultEngineConfig(), s.dir, configs.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shell.Tune(t.Context(), "tiny", "", copier{}, catalogue.Silent{}); err != nil {
		t.Fatal(err)
	}
	m := s.model(t, "tiny")
	if u := m.Tuned; u == nil || !u.Used || u.From != "F32" || u.Type != "Q8_0" || u.Before.Prompt != 100 || u.After.EightAnswers != 80 ||
		u.Ratio < 1.99 || u.Ratio > 2.01 || u.Divergence != 0.001 || u.Machine == "" || u.Engine == "" || u.MeasuredAt.IsZero() {
		t.Errorf("tuned: %+v", u)
	}
	if m.SizeBytes != before.SizeBytes+1000 || m.InstalledBytes != m.SizeBytes {
		t.Errorf("its size is %d and was %d", m.SizeBytes, before.SizeBytes)
	}
	ask()
	want := filepath.Join(s.dir, "models", "tuned", "tiny", "Q8_0.gguf")
	if len(loaded) != 2 || loaded[1] != want {
		t.Errorf("loaded were %q", loaded)
	}
	var told openaiapi.Model
	s.must(t, http.StatusOK, seeded, "GET", "/v1/models/tiny", nil).into(t, &told)
	if told.Parley.SizeBytes != m.SizeBytes {
		t.Errorf("users are told %+v", told.Parley)
	}
	checks := app.Diagnose(t.Context(), s.cfg, false)
	if c := find(t, checks, "chat model"); !strings.Contains(c.Detail, "tiny") || !strings.Contains(c.Detail, "Q8_0 instead of F32") {
		t.Errorf("doctor says %+v", c)
	}
	s.must(t, http.StatusNoContent, seeded, "DELETE", "/v1/admin/models/tiny", nil)
	if _, err := os.Stat(want); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed, and what was made of it is there: %v", err)
	}
}
