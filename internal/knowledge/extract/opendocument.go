package extract

import (
	"bytes"
	"strconv"
)

// open reads the content of an OpenDocument file: text, slides and sheets alike.
type open struct {
	markup
	lists  int
	inText int
}

func readOpenDocument(a *archive) (Document, error) {
	if data, err := a.part("META-INF/manifest.xml"); err == nil && bytes.Contains(data, []byte("encryption-data")) {
		return Document{}, refuse(Password, "the file is encrypted: add it without its password")
	}
	data, err := a.part("content.xml")
	if err != nil {
		return Document{}, err
	}
	o := &open{}
	if err := walk(data, o); err != nil {
		return Document{}, err
	}
	return o.document(a.title("meta.xml")), nil
}

func (o *open) start(e element) bool {
	switch e.name {
	case "tracked-changes", "annotation", "forms":
		return true
	case "page":
		o.page()
	case "h":
		level, err := strconv.Atoi(e.attr("outline-level"))
		if err != nil {
			level = 1
		}
		o.begin()
		o.as(heading, level)
	case "p":
		o.begin()
		if o.lists > 0 {
			o.as(item, o.lists-1)
		}
	case "list":
		o.lists++
	case "s":
		o.add(" ")
	case "tab":
		o.add("\t")
	case "line-break":
		o.add("\n")
	case "table":
		if name := e.attr("name"); name != "" && o.tables == 0 && o.inText == 0 {
			o.end()
		}
		o.beginTable()
	case "table-row":
		o.beginRow()
	}
	return false
}

func (o *open) begin() {
	if o.tables == 0 {
		o.end()
	}
	o.inText++
}

func (o *open) stop(name string) {
	switch name {
	case "h", "p":
		o.inText--
		o.end()
	case "list":
		o.lists--
	case "table-cell":
		o.endCell()
	case "table":
		o.endTable()
	}
}

func (o *open) chars(text string) {
	if o.inText > 0 {
		o.add(text)
	}
}
