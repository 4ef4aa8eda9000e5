package catalogue

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Finding is what Verify says of one thing on disk.
type Finding struct {
	What string // "model smollm2-135m-instruct", "engine"
	Path string
	OK   bool
	Note string // what was found, or what is wrong and which command mends it
}

// Verify reads everything that is installed again and compares it with what was recorded. It changes
// nothing. Trouble with one file is a Finding; the error is for what keeps it from looking at all.
func (c *Catalogue) Verify(ctx context.Context, p Progress) ([]Finding, error) {
	items, err := c.List()
	if err != nil {
		return nil, err
	}
	known, err := c.readManifest()
	if err != nil {
		return nil, err
	}
	findings := []Finding{c.verifyEngine(ctx, p)}
	for _, i := range items {
		if i.State != StateAvailable {
			findings = append(findings, c.verifyModel(ctx, i, known.Models[i.ID], p))
			findings = append(findings, c.verifyTuned(ctx, i, known.Models[i.ID].Tuned, p)...)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return findings, nil
}

func (c *Catalogue) verifyModel(ctx context.Context, i Item, known record, p Progress) Finding {
	f := Finding{What: "model " + i.ID, Path: i.Original}
	again := fmt.Sprintf("parley model rm %s && parley model pull %s", i.ID, i.ID)
	if _, listed := c.table.find(i.ID); !listed {
		again = fmt.Sprintf("parley model rm %s, and copy it here again", i.ID)
	}
	if i.State == StateDamaged {
		f.Note = fmt.Sprintf("%s; mend it with: %s", i.Problem, again)
		return f
	}
	if known.SHA256 == "" {
		f.OK, f.Note = true, "put there by hand; its header is sound and there is no hash to compare with"
		return f
	}
	sum, err := hashFile(ctx, i.Original, p, "checking "+i.ID)
	switch {
	case err != nil:
		f.Note = err.Error()
	case sum != known.SHA256:
		f.Note = fmt.Sprintf("changed since it was installed (SHA-256 %s instead of %s); mend it with: %s", sum, known.SHA256, again)
	default:
		f.OK, f.Note = true, "as it was installed from "+known.Source
	}
	return f
}

// verifyTuned looks at the file that was made of a model, if one was.
func (c *Catalogue) verifyTuned(ctx context.Context, i Item, t *Tuned, p Progress) []Finding {
	if t == nil || !t.Used() {
		return nil
	}
	f := Finding{What: fmt.Sprintf("model %s as %s", i.ID, t.Type), Path: c.tunedFile(i.ID, t.Type)}
	sum, err := hashFile(ctx, f.Path, p, "checking "+i.ID+" as "+t.Type)
	switch {
	case i.Tuned == nil || err != nil || sum != t.Made.SHA256:
		f.Note = fmt.Sprintf("it, or the file it was made of, is missing or has changed; make it anew with: parley model tune %s", i.ID)
	default:
		f.OK, f.Note = true, "as it was made of "+t.From
	}
	return []Finding{f}
}

func (c *Catalogue) verifyEngine(ctx context.Context, p Progress) Finding {
	f := Finding{What: "engine"}
	dir, err := c.EngineLibraries()
	if err != nil {
		f.Path, f.Note = c.engines, err.Error()
		return f
	}
	f.Path = dir
	var m engineManifest
	if err := readJSONFile(filepath.Join(dir, manifestName), &m); err != nil {
		f.Note = err.Error()
		return f
	}
	if len(m.Files) == 0 {
		f.OK, f.Note = true, "a folder of your own; there are no hashes to compare with"
		return f
	}
	p.Begin(PhaseCheck, "checking the engine libraries", 0)
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		sum, err := hashFile(ctx, filepath.Join(dir, name), Silent{}, "")
		if err == nil && sum == m.Files[name].SHA256 {
			continue
		}
		if err == nil || os.IsNotExist(err) {
			err = fmt.Errorf("%s is missing or changed since it was installed; mend it with: rm -r %s && parley model pull --engine", name, dir)
		}
		f.Note = err.Error()
		return f
	}
	f.OK, f.Note = true, "llama.cpp "+m.Llama+", as it was installed"
	return f
}
