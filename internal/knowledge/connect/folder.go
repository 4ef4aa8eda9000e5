package connect

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a folder of files, or one file. Links are not followed; what begins with a dot is left out, such as .git.
type Folder struct{ path string }

// OpenFolder makes an Origin of a path that exists.
func OpenFolder(path string) (Folder, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return Folder{}, err
	}
	_, err = os.Stat(whole)
	return Folder{whole}, err
}

// Name implements Origin.
func (f Folder) Name() string { return "file://" + filepath.ToSlash(f.path) }

// Items implements Origin. A file's version is its size with the time of its last change. Paths have slashes everywhere.
func (f Folder) Items(ctx context.Context, _ map[string]string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		err := filepath.WalkDir(f.path, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case path != f.path && strings.HasPrefix(e.Name(), ".") && e.IsDir():
				return fs.SkipDir
			case path != f.path && strings.HasPrefix(e.Name(), "."), !e.Type().IsRegular():
				return nil
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			within, err := filepath.Rel(f.path, path)
			if err != nil {
				return err
			}
			if within == "." {
				within = e.Name()
			}
			item := Item{Path: filepath.ToSlash(within), Name: e.Name(), Version: fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())}
			item.Open = func(context.Context) (io.ReadCloser, error) { return os.Open(path) } //nolint:gosec // found in the folder
			if !yield(item, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Item{}, err)
		}
	}
}
