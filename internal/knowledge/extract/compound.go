package extract

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// readCompound refuses what is in the container of old Office, and of encrypted new one, with the word for which it is.
func readCompound(name string, data []byte) (Document, error) {
	utf16 := func(s string) []byte {
		b := make([]byte, 0, 2*len(s))
		for _, r := range s {
			b = append(b, byte(r), 0)
		}
		return b
	}
	if bytes.Contains(data, utf16("EncryptedPackage")) {
		return Document{}, refuse(Password, "the file is encrypted: add it without its password")
	}
	ext := strings.ToLower(path.Ext(name))
	return Document{}, refuse(Unsupported, "%s is an old format that is not read: save the file as %s", fmt.Sprintf("%q", ext), newer(ext))
}

func newer(ext string) string {
	switch ext {
	case ".xls":
		return ".xlsx"
	case ".ppt":
		return ".pptx"
	case ".msg":
		return ".eml"
	}
	return ".docx"
}
