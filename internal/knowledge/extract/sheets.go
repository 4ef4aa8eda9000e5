package extract

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// readSheets reads an XLSX: each sheet is a page with a heading and a table of what is in its cells, as they are shown.
func readSheets(data []byte) (Document, error) {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	switch {
	case errors.Is(err, excelize.ErrWorkbookFileFormat), errors.Is(err, excelize.ErrWorkbookPassword):
		return Document{}, refuse(Password, "the file is encrypted: add it without its password")
	case book != nil && errors.Is(err, io.EOF): // it has no theme, which small programs leave out
	case err != nil:
		return Document{}, refuse(Damaged, "the file is damaged: %v", err)
	}
	defer book.Close() //nolint:errcheck // nothing was written
	var m markup
	for _, sheet := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(sheet); err == nil && !visible {
			continue
		}
		m.page()
		m.as(heading, 1)
		m.add(sheet)
		m.end()
		if err := m.sheet(book, sheet); err != nil {
			return Document{}, err
		}
	}
	title := ""
	if props, err := book.GetDocProps(); err == nil {
		title = props.Title
	}
	return m.document(title), nil
}

func (m *markup) sheet(book *excelize.File, sheet string) error {
	rows, err := book.Rows(sheet)
	if err != nil {
		return refuse(Damaged, "the sheet %q is damaged: %v", sheet, err)
	}
	defer rows.Close() //nolint:errcheck // opened for reading
	var list [][]string
	size := 0
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return refuse(Damaged, "the sheet %q is damaged: %v", sheet, err)
		}
		var row []string
		for _, c := range cells {
			row = append(row, strings.Join(strings.Fields(clean(c)), " "))
			size += len(c)
		}
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		if len(row) > wide {
			row = withoutEmpty(row)
		}
		if list = append(list, row); size > maxText {
			return refuse(TooLarge, "the sheets hold more than %d MB of text: split the file", maxText>>20)
		}
	}
	m.table(list)
	return rows.Error()
}

// wide is from how many columns on a row is written without its empty cells.
const wide = 256

func withoutEmpty(row []string) (out []string) {
	for _, c := range row {
		if c != "" {
			out = append(out, c)
		}
	}
	return out
}
