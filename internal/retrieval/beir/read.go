// Package beir measures search on questions whose passages are known, in files as the benchmark BEIR lays them out:
// corpus.jsonl, queries*.jsonl and qrels*.tsv in one folder.
package beir

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Set is a corpus with questions.
type Set struct {
	Passages  []Passage
	Questions []Question
}

// Passage is a text that can be found, with its title in front.
type Passage struct{ ID, Text string }

// Question is one with the passages that answer it, by id, and how well.
type Question struct {
	Text     string
	Relevant map[string]float64
}

// Read reads a folder. Questions without a passage are left out.
func Read(dir string) (Set, error) {
	var s Set
	err := EachLine(filepath.Join(dir, "corpus.jsonl"), func(line []byte) error {
		var p struct {
			ID    string `json:"_id"`
			Title string `json:"title"`
			Text  string `json:"text"`
		}
		err := json.Unmarshal(line, &p)
		s.Passages = append(s.Passages, Passage{p.ID, strings.TrimSpace(p.Title + " " + p.Text)})
		return err
	})
	if err != nil {
		return s, err
	}
	relevant, err := readRelevant(dir)
	if err != nil {
		return s, err
	}
	file, err := only(dir, "queries*.jsonl")
	if err != nil {
		return s, err
	}
	return s, EachLine(file, func(line []byte) error {
		var q struct {
			ID   string `json:"_id"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		if r := relevant[q.ID]; len(r) > 0 {
			s.Questions = append(s.Questions, Question{q.Text, r})
		}
		return nil
	})
}

func readRelevant(dir string) (map[string]map[string]float64, error) {
	file, err := only(dir, "qrels*.tsv")
	if err != nil {
		return nil, err
	}
	relevant := map[string]map[string]float64{}
	err = EachLine(file, func(line []byte) error {
		cells := strings.Split(string(line), "\t")
		if len(cells) != 3 {
			return fmt.Errorf("%d cells, want 3", len(cells))
		}
		// The line of names has no score, and a passage that does not answer has none above 0.
		if score, err := strconv.ParseFloat(cells[2], 64); err == nil && score > 0 {
			if relevant[cells[0]] == nil {
				relevant[cells[0]] = map[string]float64{}
			}
			relevant[cells[0]][cells[1]] = score
		}
		return nil
	})
	return relevant, err
}

// only finds the one file of a pattern.
func only(dir, pattern string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", fmt.Errorf("%s has %d files %s, want one", dir, len(files), pattern)
	}
	return files[0], nil
}

// EachLine reads a file line by line; an error of use is told with its place.
func EachLine(path string, use func([]byte) error) error {
	f, err := os.Open(path) //nolint:gosec // named by who runs the command
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for n := 1; lines.Scan(); n++ {
		if err := use(lines.Bytes()); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	return lines.Err()
}
