package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/knowledge/split"
	"github.com/parley-chat/parley/internal/retrieval"
)

// Documents of an ingestion: two of 20 kB, which are about seven pages of print each.
const (
	documents     = 2
	documentBytes = 20_000
)

// ingestion measures the passages a second that become vectors. Parley is given files, and has read, parted, embedded, saved
// and indexed them when they count as ready, with a vector for each of their tokens too; the rival is given the same
// passages, and has their vectors.
func ingestion(ctx context.Context, s side, round int) (float64, error) {
	texts := make([]string, documents)
	var passages []string
	for i := range texts {
		texts[i] = document(fmt.Sprintf("%d-%d", round, i), documentBytes)
		for _, p := range split.Split(texts[i], nil, split.DefaultConfig()) {
			passages = append(passages, retrieval.Cut(texts[i][p.Start:p.End], retrieval.WindowBytes)...)
		}
	}
	began := time.Now()
	run := s.embedAll
	given := passages
	if s.Key != "" {
		run, given = s.ingest, texts
	}
	if err := run(ctx, given); err != nil {
		return 0, err
	}
	return float64(len(passages)) / time.Since(began).Seconds(), nil
}

// document is text of so many bytes, in paragraphs, that no other name has.
func document(name string, bytes int) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "# Report %s\n\n", name)
	for i := 0; b.Len() < bytes; i++ {
		b.WriteString(words(fmt.Sprintf("%s %d", name, i), 80))
		b.WriteString(".\n\n")
	}
	return b.String()
}

func (s side) embedAll(ctx context.Context, texts []string) error {
	for some := range slices.Chunk(texts, 64) {
		body, err := json.Marshal(map[string]any{"model": s.model, "input": some})
		if err != nil {
			return err
		}
		answer, err := s.post(ctx, "/v1/embeddings", body)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer)
		if err = errors.Join(err, answer.Close()); err != nil {
			return err
		}
	}
	return nil
}

// ingest puts texts into a new knowledge base, and waits until all of them are ready.
func (s side) ingest(ctx context.Context, texts []string) error {
	var base struct {
		ID    string `json:"id"`
		Files struct {
			Completed int `json:"completed"`
			Failed    int `json:"failed"`
		} `json:"file_counts"`
	}
	if err := s.call(ctx, http.MethodPost, "/v1/vector_stores", "application/json", strings.NewReader(`{"name": "bench"}`), &base); err != nil {
		return err
	}
	for i, text := range texts {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", fmt.Sprintf("report-%d.md", i))
		if err != nil {
			return err
		}
		_, err = io.WriteString(part, text)
		if err = errors.Join(err, w.WriteField("purpose", "assistants"), w.Close()); err != nil {
			return err
		}
		var file struct {
			ID string `json:"id"`
		}
		if err := s.call(ctx, http.MethodPost, "/v1/files", w.FormDataContentType(), &form, &file); err != nil {
			return err
		}
		body := strings.NewReader(fmt.Sprintf(`{"file_id": %q}`, file.ID))
		if err := s.call(ctx, http.MethodPost, "/v1/vector_stores/"+base.ID+"/files", "application/json", body, nil); err != nil {
			return err
		}
	}
	for base.Files.Completed < len(texts) {
		if base.Files.Failed > 0 {
			return fmt.Errorf("%d documents could not be read", base.Files.Failed)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if err := s.call(ctx, http.MethodGet, "/v1/vector_stores/"+base.ID, "", nil, &base); err != nil {
			return err
		}
	}
	return nil
}
