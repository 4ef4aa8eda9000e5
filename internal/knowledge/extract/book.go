package extract

import (
	"encoding/xml"
	"path"
)

// readBook reads an EPUB: its pages, in the order of its spine.
func readBook(a *archive) (Document, error) {
	data, err := a.part("META-INF/container.xml")
	if err != nil {
		return Document{}, err
	}
	var container struct {
		Roots []struct {
			Path string `xml:"full-path,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	if err := xml.Unmarshal(data, &container); err != nil || len(container.Roots) == 0 {
		return Document{}, refuse(Unsupported, "this archive is no document that is read here: unpack it, and add its files")
	}
	root := container.Roots[0].Path
	if data, err = a.part(root); err != nil {
		return Document{}, err
	}
	var book struct {
		Title string `xml:"metadata>title"`
		Items []struct {
			ID   string `xml:"id,attr"`
			Href string `xml:"href,attr"`
		} `xml:"manifest>item"`
		Spine []struct {
			Ref string `xml:"idref,attr"`
		} `xml:"spine>itemref"`
	}
	if err := xml.Unmarshal(data, &book); err != nil {
		return Document{}, refuse(Damaged, "the book is damaged: %v", err)
	}
	files := map[string]string{}
	for _, i := range book.Items {
		files[i.ID] = path.Join(path.Dir(root), i.Href)
	}
	doc := Document{Title: book.Title}
	for _, s := range book.Spine {
		data, err := a.part(files[s.Ref])
		if err != nil {
			return Document{}, err
		}
		one, err := readHTML("", data)
		if err != nil {
			return Document{}, err
		}
		doc.Pages = append(doc.Pages, len(doc.Text))
		doc.Text += one.Text + "\n\n"
	}
	return doc, nil
}
