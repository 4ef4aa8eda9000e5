package knowledgeapi

import (
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
)

// Upload is the form of POST /v1/files.
type Upload struct {
	File    multipart.File `formData:"file" required:"true"`
	Purpose string         `formData:"purpose" required:"true" enum:"assistants,user_data"`
}

// StoredFile is one that was uploaded.
type StoredFile struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Bytes     int64  `json:"bytes"`
	CreatedAt int64  `json:"created_at" description:"Unix seconds."`
	Name      string `json:"filename"`
	Purpose   string `json:"purpose"`
	Status    string `json:"status" enum:"processed"`
}

func newFile(f knowledge.File) StoredFile {
	return StoredFile{f.ID, "file", f.Bytes, f.CreatedAt.Unix(), f.Name, f.Purpose, "processed"}
}

func (a *api) upload(c echo.Context) error {
	header, err := c.FormFile("file")
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return fault.TooLarge("the file is larger than this server takes: split it, or ask your operator to raise knowledge.max_file_mb").At("file")
	case err != nil:
		return fault.Invalid("send a form (multipart/form-data) with the field file").At("file").Because(err)
	}
	purpose := c.FormValue("purpose")
	if !slices.Contains([]string{"assistants", "user_data"}, purpose) {
		return fault.Invalid("purpose must be assistants or user_data, not %q", purpose).At("purpose")
	}
	content, err := header.Open()
	if err != nil {
		return fault.Invalid("the file cannot be read").At("file").Because(err)
	}
	defer content.Close() //nolint:errcheck // opened for reading
	f, err := a.library.AddFile(c.Request().Context(), edge.Identity(c).Scope, header.Filename, purpose, content)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newFile(f))
}

func (a *api) files(c echo.Context) error {
	all, err := a.library.Files(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	list := make([]StoredFile, 0, len(all))
	for _, f := range all {
		if purpose := c.QueryParam("purpose"); purpose == "" || purpose == f.Purpose {
			list = append(list, newFile(f))
		}
	}
	p, err := page(c, list, func(f StoredFile) string { return f.ID })
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (a *api) file(c echo.Context) error {
	f, err := a.library.File(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newFile(f))
}

// content sends the bytes as a download: what is in them never runs in our page.
func (a *api) content(c echo.Context) error {
	f, data, err := a.library.Content(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	return c.Blob(http.StatusOK, "application/octet-stream", data)
}

func (a *api) deleteFile(c echo.Context) error {
	if err := a.library.DeleteFile(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Removed{c.Param("id"), "file", true})
}
