package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/tune"
)

// Workshop makes models of another type and compares them: the engine's work, which this package knows nothing of.
type Workshop interface {
	// Quantize writes the model as another type into the file to.
	Quantize(ctx context.Context, m serving.Model, to, kind string) error
	// Compare measures a model beside one made of it.
	Compare(ctx context.Context, source, candidate serving.Model) (tune.Verdict, error)
	// About names the machine and the libraries that the figures hold for.
	About(ctx context.Context) (machine, engine string)
}

// Tuned is what a comparison of an installed model with one made of it has shown. It holds as long as the
// installed file stays as it was.
type Tuned struct {
	Of      stamp        `json:"of"`   // the installed file
	From    string       `json:"from"` // its type
	Type    string       `json:"type"` // of the one made of it
	Made    stamp        `json:"made"` // that file; zero when it was no better, and is gone
	Verdict tune.Verdict `json:"verdict"`
	Machine string       `json:"machine"`
	Engine  string       `json:"engine"`
	At      time.Time    `json:"at"`
}

// Used tells whether the model that was made serves in place of the installed one.
func (t Tuned) Used() bool { return t.Made.SHA256 != "" }

// of is the comparison as one of the file with this stamp, or nil when that is another file. The time of a file
// tells nothing of what is in it.
func (t *Tuned) of(is stamp) *Tuned {
	if t == nil || t.Of.SHA256 != is.SHA256 {
		return nil
	}
	out := *t
	out.Of = is
	return &out
}

// tunedDir holds a folder for each model of which another was made. What is in folders counts as no model.
const tunedDir = "tuned"

func (c *Catalogue) tunedFolder(id string) string { return filepath.Join(c.models, tunedDir, id) }

func (c *Catalogue) tunedFile(id, kind string) string {
	return filepath.Join(c.tunedFolder(id), kind+modelExt)
}

// tune puts what was made of a model in its place, where the comparison is of this file and the one that was
// made is as it was then. Verify tells when it is not.
func (c *Catalogue) tune(i *Item, known record, info fs.FileInfo) {
	t := known.Tuned
	if t == nil || !t.Of.matches(info) {
		return
	}
	if !t.Used() {
		i.Tuned = t
		return
	}
	path := c.tunedFile(i.ID, t.Type)
	made, err := os.Stat(path)
	if err != nil || !t.Made.matches(made) {
		return
	}
	summary, err := c.inspect(path, made)
	if err != nil {
		return
	}
	i.Path, i.Size, i.Quantization, i.Tuned = path, made.Size(), summary.Quantization, t
}

// TunedOf is what a comparison of an installed model has shown, or nil.
func (c *Catalogue) TunedOf(id string) (*Tuned, error) {
	i, err := c.item(id)
	return i.Tuned, err
}

// Tunable tells whether there is a type that loses nothing of a model and may be faster than its own.
func (i Item) Tunable() bool {
	return i.Kind == serving.KindChat && i.Adapter == nil && i.Usable() && len(tune.Candidates(i.installedType())) > 0
}

// Tune makes a model of another type of an installed one, compares both and lets the better one serve from now
// on; the installed file stays. kind "" chooses a type that loses nothing. An error leaves everything as it was.
func (c *Catalogue) Tune(ctx context.Context, id, kind string, w Workshop, p Progress) (Tuned, error) {
	var t Tuned
	if _, _, err := c.toTune(id, kind); err != nil {
		return t, err // without waiting for another process
	}
	err := locked(ctx, c.models, p, func() error {
		c.setPulling(id)
		defer c.setPulling("")
		i, kind, err := c.toTune(id, kind)
		if err == nil {
			t, err = c.makeTuned(ctx, i, kind, w, p)
		}
		return err
	})
	return t, err
}

// toTune returns a model that can be tuned, and the type to try.
func (c *Catalogue) toTune(id, kind string) (Item, string, error) {
	i, err := c.item(id)
	if err != nil {
		return i, "", err
	}
	from := i.installedType()
	switch {
	case !i.Usable():
		return i, "", fault.Conflict("%s is not installed; install it with: parley model pull %s", i.ID, i.ID).OfKind("not_installed")
	case i.Kind != serving.KindChat:
		return i, "", fault.Invalid("%s embeds; only models that chat are tuned", i.ID)
	case i.Adapter != nil:
		return i, "", fault.Invalid("%s is an adapter; tune its base: parley model tune %s", i.ID, i.Adapter.Base)
	case kind == from:
		return i, "", fault.Invalid("%s is of the type %s already", i.ID, kind)
	case kind != "":
		return i, kind, nil
	}
	if candidates := tune.Candidates(from); len(candidates) > 0 {
		return i, candidates[0], nil
	}
	return i, "", fault.Invalid("%s is of the type %s, of which none is known that loses nothing and may be faster; name one with --type", i.ID, from)
}

// makeTuned does the work of Tune. The folder is locked.
func (c *Catalogue) makeTuned(ctx context.Context, i Item, kind string, w Workshop, p Progress) (Tuned, error) {
	info, err := os.Stat(i.Original)
	if err != nil {
		return Tuned{}, err
	}
	if err := c.room(c.models, max(gguf.SizeAs(kind, i.Parameters), info.Size()/4)); err != nil {
		return Tuned{}, err
	}
	t := Tuned{From: i.installedType(), Type: kind, At: time.Now().UTC().Truncate(time.Second)}
	t.Machine, t.Engine = w.About(ctx)
	source := i.model()
	source.Path = i.Original
	sum, err := hashFile(ctx, i.Original, p, "checking "+i.ID)
	if err != nil {
		return t, err
	}
	t.Of = stamp{Size: info.Size(), ModTime: info.ModTime(), SHA256: sum}
	return t, inTemp(c.models, func(tmp string) error {
		candidate := source
		candidate.Path = filepath.Join(tmp, kind+modelExt)
		p.Begin(PhaseCheck, fmt.Sprintf("making %s as %s", i.ID, kind), 0)
		if err := w.Quantize(ctx, source, candidate.Path, kind); err != nil {
			return err
		}
		made, err := c.finish(ctx, candidate.Path, p)
		if err != nil {
			return err
		}
		p.Begin(PhaseCheck, fmt.Sprintf("measuring %s as %s and as %s", i.ID, t.From, kind), 0)
		if t.Verdict, err = w.Compare(ctx, source, candidate); err != nil {
			return err
		}
		if t.Verdict.Better() {
			if err := c.placeTuned(i.ID, kind, candidate.Path); err != nil {
				return err
			}
			t.Made = made
		}
		return c.keepTuned(i.ID, &t)
	})
}

// finish checks a file that was made and sees it onto the disk.
func (c *Catalogue) finish(ctx context.Context, path string, p Progress) (stamp, error) {
	if _, err := gguf.Inspect(path); err != nil {
		return stamp{}, fmt.Errorf("the model that was made cannot be used: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // some systems want it open for writing
	if err != nil {
		return stamp{}, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return stamp{}, err
	}
	sum, err := hashFile(ctx, path, p, "checking what was made")
	if err != nil {
		return stamp{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{Size: info.Size(), ModTime: info.ModTime(), SHA256: sum}, nil
}

func (c *Catalogue) placeTuned(id, kind, from string) error {
	if err := os.MkdirAll(c.tunedFolder(id), 0o755); err != nil { //nolint:gosec // see locked
		return err
	}
	return place(from, c.tunedFile(id, kind))
}

// keepTuned notes a comparison, or with nil that there is none, and deletes what was made before and is not used
// any more. A file without a note counts for nothing, so a process that dies in between does no harm.
func (c *Catalogue) keepTuned(id string, t *Tuned) error {
	if err := c.changeManifest(func(m manifest) {
		r := m.Models[id]
		if r.Tuned = t; r == (record{}) {
			delete(m.Models, id) // of a file that was put here by hand
			return
		}
		m.Models[id] = r
	}); err != nil {
		return err
	}
	if t == nil || !t.Used() {
		return os.RemoveAll(c.tunedFolder(id))
	}
	files, err := os.ReadDir(c.tunedFolder(id))
	for _, f := range files {
		if f.Name() != t.Type+modelExt {
			err = errors.Join(err, os.Remove(filepath.Join(c.tunedFolder(id), f.Name())))
		}
	}
	return err
}

// Untune lets the installed file of a model serve again, deletes the one that was made of it and forgets the
// figures. It is fault.NotFound when there is nothing to undo.
func (c *Catalogue) Untune(ctx context.Context, id string, p Progress) error {
	if _, err := c.item(id); err != nil {
		return err
	}
	return locked(ctx, c.models, p, func() error {
		known, err := c.readManifest()
		if err != nil {
			return err
		}
		if known.Models[id].Tuned == nil {
			return fault.NotFound("nothing was made of %s that could be undone", id)
		}
		return c.keepTuned(id, nil)
	})
}
