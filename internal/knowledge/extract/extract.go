// Package extract reads the text out of files: office documents, PDF, mail, pages, tables and plain text, whatever their
// encoding. What it gives is Markdown, so that headings, lists and tables survive, with the places where pages begin.
//
// Files are hostile until proven otherwise. Run reads one in a process of its own, which is bounded in time and memory;
// Read does the same in this one. Begin at Run.
package extract

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Document is what a file says.
type Document struct {
	Title string `json:"title"` // "" where the file names none
	Text  string `json:"text"`  // Markdown, valid UTF-8 without NUL
	// Pages are the bytes of Text where each page, slide or sheet begins; nil for a file without pages.
	Pages []int `json:"pages"`
}

// Refusal is why a file was not read. It is the error of all functions here that is not the machine's fault.
type Refusal struct {
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"` // for people: what is wrong, and what to do about it
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// Kind is a class of reasons.
type Kind string

// The kinds.
const (
	Password    Kind = "password"    // it is encrypted
	Empty       Kind = "empty"       // there is no text in it
	Damaged     Kind = "damaged"     // it is not what it says it is, or was cut off
	TooLarge    Kind = "too_large"   // it unpacks to more than is read
	Slow        Kind = "slow"        // it took longer than allowed
	Unsupported Kind = "unsupported" // nothing here reads this kind of file
)

func refuse(kind Kind, format string, args ...any) error {
	return &Refusal{kind, fmt.Sprintf(format, args...)}
}

// Bounds of one file. What is larger is refused, never cut.
const (
	maxUnpacked = 128 << 20 // bytes of all parts of an archive
	maxEntries  = 10_000    // parts of an archive
	maxText     = 16 << 20  // bytes of the text
	maxDepth    = 256       // levels of elements within elements
)

// format reads one kind of file.
type format func(name string, data []byte) (Document, error)

// byMagic are the kinds that their first bytes tell.
var byMagic = []struct {
	magic string
	read  format
}{
	{"%PDF-", readPDF},
	{"PK\x03\x04", readArchive},
	{"PK\x05\x06", readArchive},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", readCompound},
}

// byExtension are the kinds of text that only their names tell.
var byExtension = map[string]format{
	".html": readHTML, ".htm": readHTML, ".xhtml": readHTML,
	".eml": readMail, ".mht": readMail,
	".csv": readPlain, ".tsv": readPlain, ".txt": readPlain, ".md": readMarkdown, ".markdown": readMarkdown,
	".ipynb": readNotebook,
}

// archives are files that must be what their names say: text with such a name is damaged, not text.
var archives = map[string]bool{".docx": true, ".pptx": true, ".xlsx": true, ".xlsm": true, ".odt": true, ".odp": true, ".ods": true,
	".epub": true, ".pdf": true, ".doc": true, ".xls": true, ".ppt": true, ".msg": true}

// pictures and other files of text that hold nothing to read.
var pictures = map[string]bool{".svg": true}

// Read reads a file by what it is; the name's ending decides only where the bytes tell nothing.
func Read(name string, data []byte) (Document, error) {
	ext := strings.ToLower(filepath.Ext(name))
	doc, err := reader(ext, data)(name, data)
	if err != nil {
		return Document{}, err
	}
	doc.Title = strings.Join(strings.Fields(clean(doc.Title)), " ")
	switch {
	case len(doc.Text) > maxText:
		return Document{}, refuse(TooLarge, "the file holds %d MB of text, and %d MB are read: split it", len(doc.Text)>>20, maxText>>20)
	case strings.TrimSpace(doc.Text) == "":
		return Document{}, refuse(Empty, "there is no text in this file")
	case !utf8.ValidString(doc.Text):
		return Document{}, fmt.Errorf("%s: the text is no UTF-8", ext)
	}
	return doc, nil
}

func reader(ext string, data []byte) format {
	for _, m := range byMagic {
		if strings.HasPrefix(string(data[:min(len(data), 16)]), m.magic) {
			return m.read
		}
	}
	switch {
	case len(data) == 0:
		return func(string, []byte) (Document, error) { return Document{}, refuse(Empty, "the file is empty") }
	case archives[ext]:
		return func(string, []byte) (Document, error) {
			return Document{}, refuse(Damaged, "this is no %s file, whatever its name says", strings.TrimPrefix(ext, "."))
		}
	case pictures[ext]:
		return func(string, []byte) (Document, error) {
			return Document{}, refuse(Unsupported, "a picture has no text that is read")
		}
	case byExtension[ext] != nil:
		return byExtension[ext]
	}
	return readUnknown
}
