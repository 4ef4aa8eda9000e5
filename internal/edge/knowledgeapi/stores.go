package knowledgeapi

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
)

// Store is a vector store.
type Store struct {
	ID         string            `json:"id"`
	Object     string            `json:"object"`
	Name       string            `json:"name"`
	About      string            `json:"description"`
	Status     string            `json:"status" enum:"completed,in_progress"`
	Counts     Counts            `json:"file_counts"`
	Bytes      int64             `json:"usage_bytes"`
	Metadata   map[string]string `json:"metadata"`
	CreatedAt  int64             `json:"created_at" description:"Unix seconds."`
	LastActive int64             `json:"last_active_at"`
	MayWrite   bool              `json:"may_write" description:"Whether the caller may add and remove files."`
	MayOwn     bool              `json:"may_own" description:"Whether it is the caller's own: to change, share and delete."`
	Grants     []knowledge.Grant `json:"grants" description:"Who else may do what; told to the owner."`
}

// Counts are files by state.
type Counts struct {
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Total      int `json:"total"`
}

func newStore(b knowledge.Base) Store {
	s := Store{ID: b.ID, Object: "vector_store", Name: b.Name, About: b.About, Status: "completed", Bytes: b.Bytes, Metadata: b.Metadata,
		CreatedAt: b.CreatedAt.Unix(), LastActive: b.UpdatedAt.Unix(), MayWrite: b.MayWrite, MayOwn: b.MayOwn, Grants: b.Grants,
		Counts: Counts{b.Files.Waiting, b.Files.Ready, b.Files.Failed, 0, b.Files.Waiting + b.Files.Ready + b.Files.Failed}}
	if b.Files.Waiting > 0 {
		s.Status = "in_progress"
	}
	return s
}

// NewStore makes a vector store.
type NewStore struct {
	Name     string            `json:"name" required:"true"`
	About    string            `json:"description,omitempty"`
	Files    []string          `json:"file_ids,omitempty" description:"Files to put into it."`
	Metadata map[string]string `json:"metadata,omitempty"`
	Grants   []knowledge.Grant `json:"grants,omitempty" description:"Who else may do what. Without any it is the caller's alone."`
}

// StorePatch changes the fields that are given.
type StorePatch struct {
	Name     *string            `json:"name,omitempty"`
	About    *string            `json:"description,omitempty"`
	Metadata *map[string]string `json:"metadata,omitempty"`
	Grants   *[]knowledge.Grant `json:"grants,omitempty"`
}

func (a *api) create(c echo.Context) error {
	req, err := edge.Decode[NewStore](c)
	if err != nil {
		return err
	}
	ctx, sc := c.Request().Context(), edge.Identity(c).Scope
	for _, f := range req.Files { // before anything is made
		if _, err := a.library.File(ctx, sc, f); err != nil {
			return err
		}
	}
	b, err := a.library.Create(ctx, sc, knowledge.NewBase{Name: req.Name, About: req.About, Metadata: req.Metadata, Grants: req.Grants})
	if err != nil {
		return err
	}
	for _, f := range req.Files {
		if _, err := a.library.Add(ctx, sc, b.ID, f, nil); err != nil {
			return err
		}
	}
	if len(req.Files) > 0 {
		if b, err = a.library.Base(ctx, sc, b.ID); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, newStore(b))
}

func (a *api) list(c echo.Context) error {
	all, err := a.library.Bases(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	list := make([]Store, len(all))
	for i, b := range all {
		list[len(all)-1-i] = newStore(b)
	}
	p, err := page(c, list, func(s Store) string { return s.ID })
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (a *api) one(c echo.Context) error {
	b, err := a.library.Base(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newStore(b))
}

func (a *api) update(c echo.Context) error {
	req, err := edge.Decode[StorePatch](c)
	if err != nil {
		return err
	}
	b, err := a.library.Update(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), knowledge.Patch{
		Name: req.Name, About: req.About, Metadata: req.Metadata, Grants: req.Grants,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newStore(b))
}

func (a *api) remove(c echo.Context) error {
	if err := a.library.Delete(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Removed{c.Param("id"), "vector_store.deleted", true})
}

// StoreFile is a file of a vector store.
type StoreFile struct {
	ID         string          `json:"id"`
	Object     string          `json:"object"`
	Store      string          `json:"vector_store_id"`
	Bytes      int64           `json:"usage_bytes"`
	CreatedAt  int64           `json:"created_at" description:"Unix seconds."`
	Status     string          `json:"status" enum:"in_progress,completed,failed,cancelled"`
	LastError  *StoreFileError `json:"last_error"`
	Attributes map[string]any  `json:"attributes"`
	Name       string          `json:"filename"`
	Title      string          `json:"title" description:"As the document names itself; empty where it does not."`
	State      knowledge.State `json:"state" enum:"queued,extracting,embedding,ready,failed"`
	Done       int             `json:"passages_done"`
	Passages   int             `json:"passages"`
	Pages      int             `json:"pages"`
}

// StoreFileError is why a file is not ready. One that is queued with an error is tried again by itself.
type StoreFileError struct {
	Code    string `json:"code" enum:"server_error,unsupported_file,invalid_file"`
	Kind    string `json:"kind" description:"password, empty, damaged, too_large, slow, unsupported, or what the server was lacking"`
	Message string `json:"message"`
}

func newStoreFile(d knowledge.Document) StoreFile {
	f := StoreFile{ID: d.File, Object: "vector_store.file", Store: d.Base, Bytes: d.Bytes, CreatedAt: d.CreatedAt.Unix(), Status: "in_progress",
		Attributes: d.Attributes, Name: d.Name, Title: d.Title, State: d.State, Done: d.Done, Passages: d.Passages, Pages: d.Pages}
	switch d.State {
	case knowledge.Ready:
		f.Status = "completed"
	case knowledge.Failed:
		f.Status = "failed"
		if d.Kind == knowledge.Cancelled {
			f.Status = "cancelled"
		}
	case knowledge.Queued, knowledge.Extracting, knowledge.Embedding:
	}
	if d.Kind != "" {
		f.LastError = &StoreFileError{"server_error", d.Kind, d.Reason}
		switch d.Kind {
		case "unsupported":
			f.LastError.Code = "unsupported_file"
		case "password", "empty", "damaged", "too_large", "slow":
			f.LastError.Code = "invalid_file"
		}
	}
	return f
}

// Attach puts a file into a vector store.
type Attach struct {
	File       string         `json:"file_id" required:"true"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Chunking   any            `json:"chunking_strategy,omitempty" description:"Taken and not used: the server's settings say how files are cut."`
}

func (a *api) attach(c echo.Context) error {
	req, err := edge.Decode[Attach](c)
	if err != nil {
		return err
	}
	d, err := a.library.Add(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), req.File, req.Attributes)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newStoreFile(d))
}

// FilesQuery asks for a part of a vector store's files.
type FilesQuery struct {
	PageQuery
	Filter string `query:"filter" enum:"in_progress,completed,failed,cancelled"`
}

func (a *api) documents(c echo.Context) error {
	all, err := a.library.Documents(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"))
	if err != nil {
		return err
	}
	return storeFiles(c, all)
}

// storeFiles answers with a page of files.
func storeFiles(c echo.Context, all []knowledge.Document) error {
	filter := c.QueryParam("filter")
	if filter != "" && !slices.Contains([]string{"in_progress", "completed", "failed", "cancelled"}, filter) {
		return fault.Invalid("filter must be in_progress, completed, failed or cancelled, not %q", filter).At("filter")
	}
	list := make([]StoreFile, 0, len(all))
	for _, d := range all {
		if f := newStoreFile(d); filter == "" || f.Status == filter {
			list = append(list, f)
		}
	}
	p, err := page(c, list, func(f StoreFile) string { return f.ID })
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (a *api) document(c echo.Context) error {
	d, err := a.library.Document(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("file"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newStoreFile(d))
}

// FilePatch changes a file of a vector store.
type FilePatch struct {
	Attributes map[string]any `json:"attributes" description:"In place of those that it has."`
}

func (a *api) setAttributes(c echo.Context) error {
	req, err := edge.Decode[FilePatch](c)
	if err != nil {
		return err
	}
	d, err := a.library.SetAttributes(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("file"), req.Attributes)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newStoreFile(d))
}

// Text is what was read from a file.
type Text struct {
	Object  string    `json:"object"`
	Data    []Content `json:"data"`
	HasMore bool      `json:"has_more"`
	Next    *string   `json:"next_page"`
	Pages   []int     `json:"pages" description:"The bytes of the text where pages begin; empty for a file without pages."`
}

func (a *api) text(c echo.Context) error {
	text, pages, err := a.library.Text(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("file"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Text{Object: "vector_store.file_content.page", Data: []Content{{"text", text}}, Pages: append([]int{}, pages...)})
}

func (a *api) detach(c echo.Context) error {
	if err := a.library.Remove(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("file")); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Removed{c.Param("file"), "vector_store.file.deleted", true})
}
