package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/tune"
)

// shop is a Workshop that makes given bytes and finds them better or not.
type shop struct {
	makes     []byte
	better    bool
	fail      error
	compared  [2]serving.Model
	quantized string
	during    func()
}

func (s *shop) Quantize(_ context.Context, _ serving.Model, to, kind string) error {
	s.quantized = kind
	return os.WriteFile(to, s.makes, 0o600)
}

func (s *shop) Compare(_ context.Context, source, candidate serving.Model) (tune.Verdict, error) {
	s.compared = [2]serving.Model{source, candidate}
	if s.during != nil {
		s.during()
	}
	v := tune.Verdict{Source: tune.Speed{Prefill: 1, One: 1, Eight: 1}, Candidate: tune.Speed{Prefill: 1, One: 1, Eight: 1}, Rounds: 3, Least: 1}
	if s.better {
		v.Candidate = tune.Speed{Prefill: 2, One: 2, Eight: 2}
	}
	return v, s.fail
}

func (s *shop) About(context.Context) (machine, engine string) { return "a machine", "an engine" }

// tuned is a catalogue whose model "small" was made anew as Q8_0 and found better.
func tuned(t *testing.T) (*bench, *shop) {
	t.Helper()
	b := setup(t)
	s := &shop{makes: packed(t), better: true}
	if err := b.Pull(t.Context(), "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Tune(t.Context(), "small", "", s, Silent{}); err != nil {
		t.Fatal(err)
	}
	return b, s
}

// packed is what a quantiser makes of model.
func packed(t *testing.T) []byte {
	t.Helper()
	raw := model(t, "llama", 1)
	f, err := gguf.Read(strings.NewReader(string(raw)), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(raw, make([]byte, f.Tensors[0].Bytes)) // longer than the original, else alike
}

func TestTune(t *testing.T) {
	t.Parallel()
	b, s := tuned(t)
	got := b.item(t, "small")
	if got.Path != filepath.Join(b.models, tunedDir, "small", "Q8_0.gguf") || got.Original != filepath.Join(b.models, "small.gguf") ||
		got.Size != int64(len(s.makes)) || got.State != StateInstalled || !got.Tuned.Used() || !got.Default {
		t.Errorf("tuned %+v", got)
	}
	if grown := got.Memory() - got.Entry.Memory(); grown != int64(len(s.makes)-len(b.chat)) {
		t.Errorf("the expected memory grows by %d", grown)
	}
	if u := got.Tuned; u.From != "F32" || u.Type != "Q8_0" || u.Made.SHA256 != sum256(s.makes) || u.Of.SHA256 != sum256(b.chat) || u.Machine == "" || u.Engine == "" || u.Verdict.Rounds != 3 {
		t.Errorf("kept %+v", u)
	}
	if s.quantized != "Q8_0" || s.compared[0].Path != got.Original || s.compared[1].Path == got.Path || s.compared[1].ID != "small" {
		t.Errorf("compared %+v", s.compared)
	}
	models, err := b.Installed()
	if err != nil || models[0].Path != got.Path || models[0].Memory != got.Memory() {
		t.Errorf("served is %+v, %v", models, err)
	}
	if names := left(t, b.models); !slices.Equal(names, []string{manifestName, "small.gguf", tunedDir}) {
		t.Errorf("the folder holds %q", names)
	}
	// A pull and another catalogue on the folder leave it as it is.
	again := setup(t, func(c *Config, _ *EngineConfig) { c.Dir = b.models })
	if err := again.Pull(t.Context(), "small", Silent{}); err != nil || again.count() > 0 || again.item(t, "small").Path != got.Path {
		t.Errorf("after another pull: %+v, %v", again.item(t, "small"), err)
	}
	found, err := b.Verify(t.Context(), Silent{})
	if i := slices.IndexFunc(found, func(f Finding) bool { return f.What == "model small as Q8_0" }); err != nil || i < 0 || !found[i].OK {
		t.Errorf("verify says %+v, %v", found, err)
	}

	if err := b.Untune(t.Context(), "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	if got := b.item(t, "small"); got.Path != got.Original || got.Tuned != nil || got.State != StateInstalled || got.Size != int64(len(b.chat)) {
		t.Errorf("undone %+v", got)
	}
	if _, err := os.Stat(got.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("undone, and the file is there: %v", err)
	}
	if err := b.Untune(t.Context(), "small", Silent{}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("undone twice: %v", err)
	}
}

func TestTuneKeepsTheBetterOne(t *testing.T) {
	t.Parallel()
	b, s := tuned(t)
	s.better = false
	if _, err := b.Tune(t.Context(), "small", "", s, Silent{}); err != nil {
		t.Fatal(err)
	}
	got := b.item(t, "small")
	if got.Path != got.Original || got.Tuned == nil || got.Tuned.Used() || got.Tuned.Verdict.Rounds != 3 {
		t.Errorf("a later comparison was lost, and yet %+v", got)
	}
	if _, err := os.Stat(b.tunedFolder("small")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the loser is kept: %v", err)
	}
	s.better = true
	for _, kind := range []string{"Q4_0", "Q8_0"} { // the second takes the place of the first
		if _, err := b.Tune(t.Context(), "small", kind, s, Silent{}); err != nil || b.item(t, "small").Path != b.tunedFile("small", kind) {
			t.Errorf("%s: %+v, %v", kind, b.item(t, "small"), err)
		}
	}
	if names := left(t, b.tunedFolder("small")); len(names) != 1 {
		t.Errorf("kept are %q", names)
	}
}

func TestTuneChangesNothingWhenItFails(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*bench, *shop){
		"compare fails": func(_ *bench, s *shop) { s.fail = errors.New("broken") },
		"a bad file":    func(_ *bench, s *shop) { s.makes = s.makes[:100] },
		"no room":       func(b *bench, _ *shop) { b.free = func(string) (int64, error) { return 0, nil } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s := tuned(t)
			before := b.item(t, "small")
			spoil(b, s)
			if _, err := b.Tune(t.Context(), "small", "Q4_0", s, Silent{}); err == nil {
				t.Error("no error")
			}
			if after := b.item(t, "small"); after.Path != before.Path || after.Tuned.Type != "Q8_0" {
				t.Errorf("now it is %+v", after)
			}
			if names := left(t, b.models); !slices.Equal(names, []string{manifestName, "small.gguf", tunedDir}) {
				t.Errorf("the folder holds %q", names)
			}
		})
	}
}

// A file that is not the one that was compared, or not the one that was made, does not serve.
func TestTunedFilesThatChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *bench){
		"made one gone":    func(_ *testing.T, b *bench) { _ = os.Remove(b.tunedFile("small", "Q8_0")) },
		"made one changed": func(_ *testing.T, b *bench) { _ = os.WriteFile(b.tunedFile("small", "Q8_0"), b.hubs, 0o600) },
		"another original": func(t *testing.T, b *bench) { b.put(t, "small.gguf", b.hubs) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := tuned(t)
			change(t, b)
			if got := b.item(t, "small"); got.Path != got.Original || got.Tuned != nil || !got.Usable() {
				t.Errorf("it serves %+v", got)
			}
			found, err := b.Verify(t.Context(), Silent{})
			i := slices.IndexFunc(found, func(f Finding) bool { return f.What == "model small as Q8_0" })
			if err != nil || i < 0 || found[i].OK || !strings.Contains(found[i].Note, "parley model tune small") {
				t.Errorf("verify says %+v, %v", found, err)
			}
		})
	}
}

// What was compared holds for a file of which only the time has changed, as a backup does, once a pull has looked at it.
func TestTunedOutlivesATouch(t *testing.T) {
	t.Parallel()
	b, _ := tuned(t)
	at := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(b.models, "small.gguf"), at, at); err != nil {
		t.Fatal(err)
	}
	if err := b.Pull(t.Context(), "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	if got := b.item(t, "small"); got.Path == got.Original || got.State != StateInstalled {
		t.Errorf("now it is %+v", got)
	}
}

func TestTuneByHandAndRemove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "mine.gguf", b.chat)
	s := &shop{makes: packed(t), better: true}
	if _, err := b.Tune(t.Context(), "mine", "", s, Silent{}); err != nil {
		t.Fatal(err)
	}
	if got := b.item(t, "mine"); got.State != StateByHand || got.Path == got.Original {
		t.Errorf("tuned %+v", got)
	}
	if err := b.Remove(t.Context(), "mine", Silent{}); err != nil {
		t.Fatal(err)
	}
	if names := left(t, filepath.Join(b.models, tunedDir)); len(names) > 0 {
		t.Errorf("removed, and there is %q", names)
	}
	m, err := b.readManifest()
	if err != nil || len(m.Models) > 0 {
		t.Errorf("the manifest has %+v, %v", m, err)
	}
}

func TestTuneRefuses(t *testing.T) {
	t.Parallel()
	b, s := tuned(t)
	if err := b.Pull(t.Context(), "vectors", Silent{}); err != nil {
		t.Fatal(err)
	}
	b.put(t, "large.gguf", b.chat[:50])
	for name, c := range map[string]struct {
		id, kind string
		code     fault.Code
	}{
		"no such model":     {"x", "", fault.CodeNotFound},
		"not usable":        {"large", "", fault.CodeConflict},
		"embeds":            {"vectors", "", fault.CodeInvalid},
		"of that type":      {"small", "F32", fault.CodeInvalid},
		"undo without such": {"vectors", "undo", fault.CodeNotFound},
	} {
		var err error
		if c.kind == "undo" {
			err = b.Untune(t.Context(), c.id, Silent{})
		} else {
			_, err = b.Tune(t.Context(), c.id, c.kind, s, Silent{})
		}
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A process that is killed while it measures leaves its folder locked by nobody, and the next clears it.
func TestTuneAfterAKill(t *testing.T) {
	t.Parallel()
	b, s := tuned(t)
	s.during = func() { // what lies there in that moment, as a kill would leave it
		if err := os.CopyFS(filepath.Join(b.data, "killed"), os.DirFS(b.models)); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Tune(t.Context(), "small", "Q4_0", s, Silent{}); err != nil {
		t.Fatal(err)
	}
	killed := setup(t, func(c *Config, _ *EngineConfig) { c.Dir = filepath.Join(b.data, "killed") })
	if names := left(t, killed.models); len(names) != 4 {
		t.Fatalf("killed with %q", names)
	}
	s.during = nil
	if _, err := killed.Tune(t.Context(), "small", "", s, Silent{}); err != nil {
		t.Fatal(err)
	}
	if names := left(t, killed.models); !slices.Equal(names, []string{manifestName, "small.gguf", tunedDir}) {
		t.Errorf("the folder holds %q", names)
	}
}
