package nearest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed rivals.py
var script string

// rivals asks other libraries the same, in a process of their own.
func (b *bench) rivals(ctx context.Context) (rows []Row, err error) {
	dir, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	var truth []int32
	for _, nearest := range b.truth {
		for _, i := range nearest {
			truth = append(truth, int32(i)) //nolint:gosec // as many as fit in memory
		}
	}
	var questions []float32
	for _, q := range b.Set.Questions {
		questions = append(questions, q...)
	}
	args := []string{"-c", script}
	for i, data := range []any{b.Set.Vectors, questions, truth} {
		path := filepath.Join(dir, strconv.Itoa(i))
		if err := writeNumbers(path, data); err != nil {
			return nil, err
		}
		args = append(args, path)
	}
	cmd := exec.CommandContext(ctx, b.Python, append(args, strconv.Itoa(b.Set.Dim))...) //nolint:gosec // what the operator named
	cmd.Stderr = b.Log
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask hnswlib and faiss with %s: %w", b.Python, err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var row Row
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what the others gave: %w", err)
		}
		rows = append(rows, row)
	}
}

func writeNumbers(path string, data any) error {
	f, err := os.Create(path) //nolint:gosec // in a folder of our own
	if err != nil {
		return err
	}
	return errors.Join(binary.Write(f, binary.LittleEndian, data), f.Close())
}
