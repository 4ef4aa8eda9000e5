package catalogue

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Build is the engine for one platform.
type Build struct {
	Platform string    `yaml:"platform"` // "linux-amd64", with "-cuda" or "-cuda12" behind it for GPUs
	Version  string    `yaml:"version"`  // of the packages
	Llama    string    `yaml:"llama"`    // of llama.cpp in them
	License  string    `yaml:"license"`
	Packages []Package `yaml:"packages"`
}

// Package is one npm package of a build.
type Package struct {
	Name      string `yaml:"name"`
	Folder    string `yaml:"folder"` // of the libraries in it
	Size      int64  `yaml:"size"`
	Integrity string `yaml:"integrity"` // "sha512-" and base64
}

// folder is the name under which a build is installed.
func (b Build) folder() string { return b.Version + "-" + b.Platform }

func (b Build) bytes() int64 {
	var n int64
	for _, p := range b.Packages {
		n += p.Size
	}
	return n
}

var (
	platformPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	npmPattern      = regexp.MustCompile(`^@?[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)?$`)
)

func readBuilds(tables fs.FS) ([]Build, error) {
	var t struct {
		Builds []Build `yaml:"builds"`
	}
	if err := readYAML(tables, "engines.yaml", &t); err != nil {
		return nil, err
	}
	var errs []error
	seen := map[string]bool{}
	for _, b := range t.Builds {
		if !platformPattern.MatchString(b.Platform) || !packagePattern.MatchString(b.Version) || seen[b.Platform] {
			errs = append(errs, fmt.Errorf("platform %q or its version %q is no plain name, or appears twice", b.Platform, b.Version))
		}
		seen[b.Platform] = true
		if b.License == "" || b.Llama == "" || len(b.Packages) == 0 {
			errs = append(errs, fmt.Errorf("%s: llama, license and packages must be given", b.Platform))
		}
		for _, p := range b.Packages {
			if err := p.validate(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", b.Platform, p.Name, err))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("engines.yaml: %w", err)
	}
	return t.Builds, nil
}

func (p Package) validate() error {
	digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
	switch {
	case !npmPattern.MatchString(p.Name) || !fs.ValidPath(p.Folder):
		return errors.New("name must be a package and folder a path")
	case err != nil || len(digest) != 64 || !strings.HasPrefix(p.Integrity, "sha512-"):
		return errors.New("integrity must be sha512- and the digest in base64")
	case p.Size < 1:
		return errors.New("size must be given")
	}
	return nil
}

// build chooses the engine for this machine.
func (c *Catalogue) build(ctx context.Context) (Build, error) {
	want := c.engine.Platform
	if want == "" {
		want = detect(ctx)
	}
	for _, b := range c.builds {
		if b.Platform == want {
			return b, nil
		}
	}
	names := make([]string, 0, len(c.builds))
	for _, b := range c.builds {
		names = append(names, b.Platform)
	}
	return Build{}, fmt.Errorf("there is no engine for the platform %q, only for %s; PARLEY_ENGINE_PLATFORM chooses one, and PARLEY_ENGINE_DIR names a folder with llama.cpp libraries built by you",
		want, strings.Join(names, ", "))
}

// detect names the platform of this machine. A CUDA build needs the driver and the runtime libraries of
// its version; where the linker finds no runtime, the plain build is the one that works.
func detect(ctx context.Context) string {
	platform := runtime.GOOS + "-" + runtime.GOARCH
	if platform != "linux-amd64" {
		return platform
	}
	if _, err := os.Stat("/proc/driver/nvidia/version"); err != nil {
		return platform
	}
	known, err := exec.CommandContext(ctx, "ldconfig", "-p").Output()
	if err != nil {
		known = nil // /sbin is in no ordinary user's path on some systems; the search path below remains
	}
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		files, _ := filepath.Glob(filepath.Join(dir, "libcudart.so.*"))
		known = append(known, strings.Join(files, "\n")...)
	}
	return platform + cudaSuffix(known)
}

// cudaSuffix chooses by the CUDA runtime in a list of libraries.
func cudaSuffix(libraries []byte) string {
	switch {
	case bytes.Contains(libraries, []byte("libcudart.so.13")):
		return "-cuda"
	case bytes.Contains(libraries, []byte("libcudart.so.12")):
		return "-cuda12"
	default:
		return ""
	}
}
