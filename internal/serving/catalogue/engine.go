package catalogue

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/fault"
)

// maxLibrary bounds one unpacked library; the largest, for GPUs, has under half of it.
const maxLibrary = 1 << 30

// versioned matches a library that other code knows by its plain name: libllama.cuda.v0.5.0.so.
var versioned = regexp.MustCompile(`^lib(llama|ggml)(\.[a-z]+)?\.v[0-9.]+\.(so|dylib)$`)

// libraries are the names that the binding loads, without "lib" and ending.
var libraries = []string{"llama", "ggml", "ggml-base"}

// engineManifest lies in an installed engine folder.
type engineManifest struct {
	Llama    string           `json:"llama"`
	Packages []string         `json:"packages"`
	Files    map[string]stamp `json:"files"`
}

// EngineLibraries returns the folder of the engine libraries. With none it is fault.Unavailable of kind
// "no_engine", which says how to get them.
func (c *Catalogue) EngineLibraries() (string, error) {
	if err := complete(c.engines); err == nil {
		return c.engines, nil // a folder of somebody's own
	}
	build, err := c.build(context.Background())
	if err != nil {
		return "", fault.Unavailable("%v", err).OfKind("no_engine")
	}
	dir := filepath.Join(c.engines, build.folder())
	err = complete(dir)
	if plain, ok := c.plain(build); err != nil && ok && complete(filepath.Join(c.engines, plain.folder())) == nil {
		return filepath.Join(c.engines, plain.folder()), nil
	}
	if err != nil {
		return "", fault.Unavailable("the engine libraries are not installed in %s; an operator can add them with: parley model pull --engine", dir).
			Because(err).OfKind("no_engine")
	}
	return dir, nil
}

// Engine is the engine of this machine.
type Engine struct {
	Path     string // of the libraries, "" when they are not installed
	Version  string // of llama.cpp: what is installed, or what would be; "" for a folder of somebody's own
	Platform string // of the build, "" likewise
	License  string
	Bytes    int64 // of the download
}

// Engine tells of the engine libraries. The error is that of EngineLibraries; what can be installed is
// told with it.
func (c *Catalogue) Engine(ctx context.Context) (Engine, error) {
	dir, missing := c.EngineLibraries()
	if dir == c.engines {
		return Engine{Path: dir}, nil
	}
	build, err := c.build(ctx)
	if err != nil {
		return Engine{Path: dir}, missing
	}
	if plain, ok := c.plain(build); ok && filepath.Base(dir) == plain.folder() {
		build = plain
	}
	return Engine{Path: dir, Version: build.Llama, Platform: build.Platform, License: build.License, Bytes: build.bytes()}, missing
}

// plain is the build without GPU for the platform of b. It serves too, slower, where a machine has got a
// GPU since the engine was installed. A platform that the settings name is taken at its word.
func (c *Catalogue) plain(b Build) (Build, bool) {
	base := strings.Join(strings.SplitN(b.Platform, "-", 3)[:2], "-")
	for _, other := range c.builds {
		if other.Platform == base && base != b.Platform && c.engine.Platform == "" {
			return other, true
		}
	}
	return Build{}, false
}

// complete tells whether a folder has the libraries under the names by which they are loaded.
func complete(dir string) error {
	for _, name := range libraries {
		if !exists(filepath.Join(dir, "lib"+name+".so")) && !exists(filepath.Join(dir, "lib"+name+".dylib")) {
			return fmt.Errorf("%s has no library lib%s", dir, name)
		}
	}
	return nil
}

// ownLibraries tells whether libraries lie directly in a folder, which nothing here puts there.
func ownLibraries(dir string) bool {
	files, _ := os.ReadDir(dir)
	return slices.ContainsFunc(files, func(f fs.DirEntry) bool { return isLibrary(f.Name()) })
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// PullEngine installs the engine libraries for this machine. It returns at once when they are there.
func (c *Catalogue) PullEngine(ctx context.Context, p Progress) error {
	if ownLibraries(c.engines) {
		// Libraries that somebody copied here lack at most the plain names.
		if err := errors.Join(link(c.engines), complete(c.engines)); err != nil {
			return fault.Unavailable("the engine folder %s has some libraries but cannot be used", c.engines).Because(err).OfKind("no_engine")
		}
		return nil
	}
	build, err := c.build(ctx)
	if err != nil {
		return fault.Unavailable("%v", err).OfKind("no_engine")
	}
	dir := filepath.Join(c.engines, build.folder())
	if unchanged(dir) {
		return nil
	}
	return locked(ctx, c.engines, p, func() error {
		if unchanged(dir) {
			return nil
		}
		// The archives, and what is in them at about three times their size.
		if err := c.room(c.engines, 4*build.bytes()); err != nil {
			return err
		}
		err := inTemp(c.engines, func(tmp string) error { return c.installEngine(ctx, build, tmp, dir, p) })
		if err != nil && !errors.Is(err, context.Canceled) {
			return &pullError{"install the engine " + build.folder(), err, fmt.Sprintf(
				"Without a connection: copy the folder %s from a machine that has one, or set PARLEY_ENGINE_DIR to a folder with the libraries", dir)}
		}
		return err
	})
}

// unchanged tells whether an engine folder is as it was installed, by names and sizes.
func unchanged(dir string) bool {
	var m engineManifest
	if readJSONFile(filepath.Join(dir, manifestName), &m) != nil || len(m.Files) == 0 || complete(dir) != nil {
		return false
	}
	for name, s := range m.Files {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != s.Size {
			return false
		}
	}
	return true
}

func (c *Catalogue) installEngine(ctx context.Context, b Build, tmp, dir string, p Progress) error {
	stage := filepath.Join(tmp, "stage")
	if err := os.Mkdir(stage, 0o755); err != nil { //nolint:gosec // see locked
		return err
	}
	m := engineManifest{Llama: b.Llama, Files: map[string]stamp{}}
	for _, pkg := range b.Packages {
		m.Packages = append(m.Packages, pkg.Name+"@"+b.Version)
		archive, err := c.pack(ctx, b, pkg, tmp, p)
		if err != nil {
			return err
		}
		if err := unpack(ctx, archive, pkg, stage, p); err != nil {
			return err
		}
		if err := os.Remove(archive); err != nil {
			return err
		}
	}
	if err := link(stage); err != nil {
		return err
	}
	if err := complete(stage); err != nil {
		return fmt.Errorf("the packages lack a library: %w", err)
	}
	if err := stampFolder(ctx, stage, m, p); err != nil {
		return err
	}
	// A folder that is there is not whole, or this would not run. Nothing has it open: a library is loaded
	// only from a whole one.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return place(stage, dir)
}

// pack fetches one package by npm, which checks the integrity that the index announces, and checks the
// pinned one.
func (c *Catalogue) pack(ctx context.Context, b Build, pkg Package, tmp string, p Progress) (string, error) {
	dest, err := os.MkdirTemp(tmp, "pack-")
	if err != nil {
		return "", err
	}
	spec := pkg.Name + "@" + b.Version
	p.Begin(PhaseLoad, fmt.Sprintf("downloading engine %s (%s)", spec, b.License), pkg.Size)
	err = c.watched(ctx, command{
		dir: dest, name: "npm",
		args: []string{"pack", spec, "--pack-destination", dest, "--ignore-scripts", "--no-update-notifier", "--loglevel=error"},
	}, dest, pkg.Size, p)
	if err != nil {
		return "", fmt.Errorf("fetch the package %s with npm: %w", spec, err)
	}
	found, err := filepath.Glob(filepath.Join(dest, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm left %d archives of %s instead of one", len(found), spec)
	}
	f, err := os.Open(found[0])
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != pkg.Integrity {
		return "", fmt.Errorf("the package %s has the integrity %s instead of %s; nothing was installed", spec, got, pkg.Integrity)
	}
	return found[0], nil
}

// unpack copies the libraries and the licence of a package into stage, flat. Only plain files under names
// without a path are made, so the archive cannot write anywhere else.
func unpack(ctx context.Context, archive string, pkg Package, stage string, p Progress) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	p.Begin(PhaseCheck, "unpacking "+pkg.Name, pkg.Size)
	z, err := gzip.NewReader(&meter{ctx: ctx, from: f, progress: p})
	if err != nil {
		return fmt.Errorf("open %s: %w", pkg.Name, err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", pkg.Name, err)
		}
		dir, name := path.Split(strings.TrimPrefix(h.Name, "package/"))
		library := path.Clean(dir) == pkg.Folder && isLibrary(name)
		if h.Typeflag != tar.TypeReg || !library && h.Name != "package/LICENSE" {
			continue
		}
		if h.Size > maxLibrary {
			return fmt.Errorf("%s: %s is larger than expected", pkg.Name, name)
		}
		err = writeAll(filepath.Join(stage, name), func(w io.Writer) error { _, err := io.CopyN(w, t, h.Size); return err })
		if err != nil {
			return err
		}
	}
}

func isLibrary(name string) bool {
	ext := path.Ext(name)
	return strings.HasPrefix(name, "lib") && (ext == ".so" || ext == ".dylib")
}

// link gives the versioned libraries the plain names by which they are loaded.
func link(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if m := versioned.FindStringSubmatch(f.Name()); m != nil {
			if err := os.Symlink(f.Name(), filepath.Join(dir, "lib"+m[1]+"."+m[3])); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
	}
	return nil
}

// stampFolder notes the hash of every file in the folder's manifest, for Verify.
func stampFolder(ctx context.Context, dir string, m engineManifest, p Progress) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	p.Begin(PhaseCheck, "checking the engine libraries", 0)
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		sum, err := hashFile(ctx, filepath.Join(dir, f.Name()), Silent{}, "")
		if err != nil {
			return err
		}
		info, err := f.Info()
		if err != nil {
			return err
		}
		m.Files[f.Name()] = stamp{Size: info.Size(), ModTime: info.ModTime(), SHA256: sum}
	}
	return writeJSONFile(filepath.Join(dir, manifestName), m)
}
