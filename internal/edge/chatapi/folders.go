package chatapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
)

// FolderName is the body that makes or renames a folder.
type FolderName struct {
	Name string `json:"name" required:"true" minLength:"1" maxLength:"80"`
}

func (a *api) folders(c echo.Context) error {
	list, err := a.store.Folders(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[conversation.Folder]{Data: list})
}

func (a *api) createFolder(c echo.Context) error {
	req, err := edge.Decode[FolderName](c)
	if err != nil {
		return err
	}
	f, err := a.store.CreateFolder(c.Request().Context(), edge.Identity(c).Scope, req.Name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, f)
}

func (a *api) renameFolder(c echo.Context) error {
	req, err := edge.Decode[FolderName](c)
	if err != nil {
		return err
	}
	f, err := a.store.RenameFolder(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), req.Name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, f)
}

func (a *api) deleteFolder(c echo.Context) error {
	if err := a.store.DeleteFolder(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
