package knowledgeapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
)

// NewBatch puts files into a vector store together: by their ids alone, or each with attributes of its own.
type NewBatch struct {
	IDs        []string       `json:"file_ids,omitempty" description:"From 1 to 500 files, with the same attributes."`
	Files      []Attach       `json:"files,omitempty" description:"In place of file_ids."`
	Attributes map[string]any `json:"attributes,omitempty" description:"Of the files of file_ids."`
	Chunking   any            `json:"chunking_strategy,omitempty" description:"Taken and not used: the server's settings say how files are cut."`
}

// Batch is files that were put into a vector store together.
type Batch struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Store     string `json:"vector_store_id"`
	Status    string `json:"status" enum:"in_progress,completed,cancelled,failed"`
	Counts    Counts `json:"file_counts"`
	CreatedAt int64  `json:"created_at" description:"Unix seconds."`
}

func newBatch(id, store string, list []knowledge.Document) Batch {
	b := Batch{ID: id, Object: "vector_store.files_batch", Store: store, Counts: Counts{Total: len(list)}}
	for _, d := range list {
		if at := d.CreatedAt.Unix(); b.CreatedAt == 0 || at < b.CreatedAt {
			b.CreatedAt = at
		}
		switch newStoreFile(d).Status {
		case "completed":
			b.Counts.Completed++
		case "failed":
			b.Counts.Failed++
		case "cancelled":
			b.Counts.Cancelled++
		default:
			b.Counts.InProgress++
		}
	}
	switch {
	case b.Counts.InProgress > 0:
		b.Status = "in_progress"
	case b.Counts.Cancelled > 0:
		b.Status = "cancelled"
	case b.Counts.Failed == b.Counts.Total:
		b.Status = "failed"
	default:
		b.Status = "completed"
	}
	return b
}

func (a *api) addBatch(c echo.Context) error {
	req, err := edge.Decode[NewBatch](c)
	if err != nil {
		return err
	}
	if len(req.IDs) > 0 && len(req.Files) > 0 {
		return fault.Invalid("give file_ids or files, not both").At("files")
	}
	files := make([]knowledge.Addition, 0, len(req.IDs)+len(req.Files))
	for _, id := range req.IDs {
		files = append(files, knowledge.Addition{File: id, Attributes: req.Attributes})
	}
	for _, f := range req.Files {
		files = append(files, knowledge.Addition{File: f.File, Attributes: f.Attributes})
	}
	ctx, sc, store := c.Request().Context(), edge.Identity(c).Scope, c.Param("id")
	id, err := a.library.AddBatch(ctx, sc, store, files)
	if err != nil {
		return err
	}
	list, err := a.library.Batch(ctx, sc, store, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newBatch(id, store, list))
}

func (a *api) batch(c echo.Context) error {
	list, err := a.library.Batch(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("batch"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newBatch(c.Param("batch"), c.Param("id"), list))
}

func (a *api) batchFiles(c echo.Context) error {
	list, err := a.library.Batch(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("batch"))
	if err != nil {
		return err
	}
	return storeFiles(c, list)
}

func (a *api) cancelBatch(c echo.Context) error {
	list, err := a.library.CancelBatch(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), c.Param("batch"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newBatch(c.Param("batch"), c.Param("id"), list))
}
