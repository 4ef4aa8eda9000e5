package chatapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
)

// ForkRequest is the body of POST /v1/conversations/{id}/fork.
type ForkRequest struct {
	MessageID string `json:"message_id" required:"true" description:"The last message of the new conversation."`
	Title     string `json:"title,omitempty" description:"Empty keeps the old one."`
}

// ImportRequest is the body of POST /v1/conversations/import.
type ImportRequest struct {
	Conversations []json.RawMessage `json:"conversations" required:"true" maxItems:"1000"`
}

// ExportQuery chooses the form of an export.
type ExportQuery struct {
	Format string `query:"format" enum:"md,json" default:"md"`
}

func (a *api) fork(c echo.Context) error {
	req, err := edge.Decode[ForkRequest](c)
	if err != nil {
		return err
	}
	conv, err := a.store.Fork(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), req.MessageID, req.Title)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, conv)
}

func (a *api) importAll(c echo.Context) error {
	req, err := edge.Decode[ImportRequest](c)
	if err != nil {
		return err
	}
	if req.Conversations == nil {
		return fault.Invalid("give the conversations to import").At("conversations")
	}
	done, err := a.store.Import(c.Request().Context(), edge.Identity(c).Scope, req.Conversations)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, done)
}

func (a *api) export(c echo.Context) error {
	ctx, id := c.Request().Context(), edge.Identity(c)
	switch format := cmp.Or(c.QueryParam("format"), "md"); format {
	case "md":
		var text bytes.Buffer
		conv, err := a.store.Markdown(ctx, id.Scope, c.Param("id"), cmp.Or(id.Name, "You"), &text)
		if err != nil {
			return err
		}
		attach(c, conv.Title+".md")
		return c.Blob(http.StatusOK, "text/markdown; charset=utf-8", text.Bytes())
	case "json":
		tree, err := a.store.ExportOne(ctx, id.Scope, c.Param("id"))
		if err != nil {
			return err
		}
		attach(c, tree.Title+".json")
		return c.JSON(http.StatusOK, tree)
	default:
		return fault.Invalid("format is md or json, not %q", format).At("format")
	}
}

// maxFileRunes keeps a file's name below what file systems take, its ending included.
const maxFileRunes = 60

// attach names the file that the answer is to be saved as, in characters that every file system takes.
func attach(c echo.Context, name string) {
	dot := strings.LastIndexByte(name, '.')
	base := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, name[:dot])
	if r := []rune(base); len(r) > maxFileRunes {
		base = string(r[:maxFileRunes])
	}
	base = cmp.Or(strings.Trim(strings.Join(strings.Fields(base), " "), ". "), "conversation")
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": base + name[dot:]}))
}
