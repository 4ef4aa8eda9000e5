package extract

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// CacheDir keeps PDFium as compiled for this processor, which takes seconds; "" compiles it for each process. Set it before
// the first use.
var CacheDir string

// readPDF reads the text of each page in PDFium, which is compiled to WebAssembly: it sees no file and no network, and
// what it breaks is its own memory.
func readPDF(_ string, data []byte) (doc Document, err error) {
	instance, closing, err := pdfiumInstance()
	if err != nil {
		return doc, err
	}
	defer func() { err = errors.Join(err, closing()) }()
	opened, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
	switch {
	case errors.Is(err, pdferrors.ErrPassword):
		return doc, refuse(Password, "the PDF is encrypted: add it without its password")
	case err != nil:
		return doc, refuse(Damaged, "the PDF is damaged: %v", err)
	}
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return doc, refuse(Damaged, "the PDF is damaged: %v", err)
	}
	var out strings.Builder
	for i := range count.PageCount {
		doc.Pages = append(doc.Pages, out.Len())
		text, err := instance.GetPageText(&requests.GetPageText{
			Page: requests.Page{ByIndex: &requests.PageByIndex{Document: opened.Document, Index: i}},
		})
		if err != nil {
			return Document{}, refuse(Damaged, "page %d of the PDF is damaged: %v", i+1, err)
		}
		out.WriteString(paragraphs(clean(text.Text)))
		out.WriteString("\n\n")
		if out.Len() > maxText {
			break // Read refuses it
		}
	}
	doc.Text = out.String()
	if strings.TrimSpace(doc.Text) == "" && count.PageCount > 0 {
		return Document{}, refuse(Empty, "the %d pages of this PDF are pictures without text: run text recognition (OCR) on it first", count.PageCount)
	}
	meta, err := instance.GetMetaData(&requests.GetMetaData{Document: opened.Document, Tags: &[]string{"Title"}})
	if err == nil {
		for _, tag := range meta.Tags {
			doc.Title = tag.Value
		}
	}
	return doc, nil
}

func pdfiumInstance() (pdfium.Pdfium, func() error, error) {
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling)
	if CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(CacheDir)
		if err != nil {
			return nil, nil, err
		}
		config = config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: context.Background(), MaxTotal: 1, RuntimeConfig: config, FSConfig: wazero.NewFSConfig(),
		Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, nil, err
	}
	const patience = 30e9 // Run's time is shorter
	instance, err := pool.GetInstance(patience)
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return instance, func() error { return errors.Join(instance.Close(), pool.Close()) }, nil
}

// paragraphs joins the lines of a page that were broken to fit it, and a word that was parted by a hyphen.
func paragraphs(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch last := out.Len(); {
		case line == "":
			if last > 0 && !strings.HasSuffix(out.String(), "\n") {
				out.WriteString("\n\n")
			}
		case last == 0 || strings.HasSuffix(out.String(), "\n"):
			out.WriteString(line)
		default:
			out.WriteString("\n" + line)
		}
	}
	return strings.ReplaceAll(out.String(), "\u0002", "")
}
