package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
)

// archive is the parts of a ZIP file, each read within what is left of maxUnpacked.
type archive struct {
	files map[string]*zip.File
	left  int64
}

func openArchive(data []byte) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, refuse(Damaged, "the file is damaged or was cut off: %v", err)
	}
	if len(z.File) > maxEntries {
		return nil, refuse(TooLarge, "the file has %d parts, and %d are read", len(z.File), maxEntries)
	}
	a := &archive{files: map[string]*zip.File{}, left: maxUnpacked}
	for _, f := range z.File {
		a.files[f.Name] = f
	}
	return a, nil
}

// part reads one part. Its size is what is unpacked, whatever it says itself.
func (a *archive) part(name string) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, refuse(Damaged, "the file has no part %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse(Damaged, "the file's part %s is damaged: %v", name, err)
	}
	defer r.Close() //nolint:errcheck // opened for reading
	data, err := io.ReadAll(io.LimitReader(r, a.left+1))
	switch {
	case int64(len(data)) > a.left:
		return nil, refuse(TooLarge, "the file unpacks to more than %d MB", maxUnpacked>>20)
	case err != nil:
		return nil, refuse(Damaged, "the file's part %s is damaged: %v", name, err)
	}
	a.left -= int64(len(data))
	return data, nil
}

func readArchive(_ string, data []byte) (Document, error) {
	a, err := openArchive(data)
	if err != nil {
		return Document{}, err
	}
	switch {
	case a.files["word/document.xml"] != nil:
		return readWord(a)
	case a.files["ppt/presentation.xml"] != nil:
		return readSlides(a)
	case a.files["xl/workbook.xml"] != nil:
		return readSheets(data)
	case a.files["META-INF/container.xml"] != nil && a.files["content.xml"] == nil:
		return readBook(a)
	case a.files["content.xml"] != nil:
		return readOpenDocument(a)
	}
	return Document{}, refuse(Unsupported, "this archive is no document that is read here: unpack it, and add its files")
}

// element is what walk tells of: names are local, since prefixes are the writer's choice.
type element struct {
	name  string
	attrs []xml.Attr
}

func (e element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// listener hears of the elements of a part, in order. What start returns true for is left out with all that is in it.
type listener interface {
	start(e element) (skip bool)
	stop(name string)
	chars(text string)
}

func walk(part []byte, l listener) error {
	d := xml.NewDecoder(bytes.NewReader(part))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by the standard
	depth, skipping := 0, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refuse(Damaged, "the file is damaged: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return refuse(Damaged, "the file has elements %d deep within each other", maxDepth)
			}
			if skipping > 0 {
				skipping++
			} else if l.start(element{t.Name.Local, t.Attr}) {
				skipping = 1
			}
		case xml.EndElement:
			depth--
			if skipping > 0 {
				skipping--
			} else {
				l.stop(t.Name.Local)
			}
		case xml.CharData:
			if skipping == 0 {
				l.chars(string(t))
			}
		case xml.Directive:
			return refuse(Damaged, "the file declares entities of its own, which no office program writes")
		}
	}
}

// relations are the targets of a part's relations, by id.
func (a *archive) relations(of string) map[string]relation {
	dir, base := path.Split(of)
	data, err := a.part(dir + "_rels/" + base + ".rels")
	if err != nil {
		return nil
	}
	var list struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if xml.Unmarshal(data, &list) != nil {
		return nil
	}
	out := map[string]relation{}
	for _, r := range list.All {
		target := strings.TrimPrefix(path.Join("/", dir, r.Target), "/")
		if strings.HasPrefix(r.Target, "/") {
			target = strings.TrimPrefix(path.Clean(r.Target), "/")
		}
		out[r.ID] = relation{path.Base(r.Type), target}
	}
	return out
}

type relation struct{ kind, target string }

// title is that of an office document's properties.
func (a *archive) title(part string) string {
	data, err := a.part(part)
	if err != nil {
		return ""
	}
	var t titled
	if walk(data, &t) != nil {
		return ""
	}
	return t.text
}

type titled struct {
	inside bool
	text   string
}

func (t *titled) start(e element) bool { t.inside = e.name == "title"; return false }
func (t *titled) stop(string)          { t.inside = false }
func (t *titled) chars(text string) {
	if t.inside {
		t.text += text
	}
}
