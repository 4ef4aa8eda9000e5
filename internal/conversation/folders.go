package conversation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Folder is a name under which a user files conversations. A conversation is in one folder or in none.
type Folder struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Conversations int       `json:"conversations"` // those in it that are not archived
	CreatedAt     time.Time `json:"created_at"`
}

// Bounds of a user's folders.
const (
	MaxFolders     = 200
	MaxFolderRunes = 80
)

type folderRow struct {
	ID            string `db:"id"`
	Name          []byte `db:"name"`
	Conversations int    `db:"conversations"`
	CreatedAt     int64  `db:"created_at"`
}

func (r folderRow) open(box secrets.Box) (Folder, error) {
	name, err := box.Open(r.Name, folderAAD(r.ID))
	if err != nil {
		return Folder{}, err
	}
	return Folder{ID: r.ID, Name: string(name), Conversations: r.Conversations, CreatedAt: store.Time(r.CreatedAt)}, nil
}

func folderAAD(id string) []byte { return secrets.AAD("folders", id, "name") }

func checkFolderName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxFolderRunes {
		return "", fault.Invalid("a folder's name has 1 to %d characters, this one has %d", MaxFolderRunes, n).At("name")
	}
	if !utf8.ValidString(name) {
		return "", fault.Invalid("a folder's name must be valid UTF-8").At("name")
	}
	return name, nil
}

const countFiled = `(SELECT COUNT(*) FROM conversations c WHERE c.folder_id <> '' AND c.folder_id = folders.id AND c.status = 'active')`

// Folders returns the user's folders by name.
func (s *Store) Folders(ctx context.Context, sc chat.Scope) ([]Folder, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []folderRow
	err = s.db.Select(ctx, &rows, `SELECT id, name, created_at, `+countFiled+` AS conversations FROM folders
		WHERE tenant_id = ? AND user_id = ? ORDER BY created_at, id`, sc.Tenant, sc.User)
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	all, err := openAll(box, rows)
	slices.SortStableFunc(all, func(a, b Folder) int { return strings.Compare(string(fold(a.Name)), string(fold(b.Name))) })
	return all, err
}

// CreateFolder makes an empty folder. Two may have the same name.
func (s *Store) CreateFolder(ctx context.Context, sc chat.Scope, name string) (Folder, error) {
	name, err := checkFolderName(name)
	if err != nil {
		return Folder{}, err
	}
	f := Folder{ID: chat.NewID("fold"), Name: name, CreatedAt: store.Time(store.Millis(s.Now()))}
	sealed, err := s.keys.Seal(ctx, sc.Tenant, []byte(name), folderAAD(f.ID))
	if err != nil {
		return Folder{}, err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM folders WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
			return fmt.Errorf("count folders: %w", err)
		}
		if n >= MaxFolders {
			return fault.TooLarge("you have %d folders, and that is the most: delete one first", n)
		}
		_, err := tx.Exec(ctx, `INSERT INTO folders (id, tenant_id, user_id, name, created_at) VALUES (?, ?, ?, ?, ?)`,
			f.ID, sc.Tenant, sc.User, sealed, store.Millis(f.CreatedAt))
		if err != nil {
			return fmt.Errorf("insert folder: %w", err)
		}
		return nil
	})
	return f, err
}

// RenameFolder gives a folder another name and returns it.
func (s *Store) RenameFolder(ctx context.Context, sc chat.Scope, id, name string) (Folder, error) {
	name, err := checkFolderName(name)
	if err != nil {
		return Folder{}, err
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Folder{}, err
	}
	sealed, err := box.Seal([]byte(name), folderAAD(id))
	if err != nil {
		return Folder{}, err
	}
	_, err = s.db.Exec(ctx, `UPDATE folders SET name = ? WHERE id = ? AND tenant_id = ? AND user_id = ?`, sealed, id, sc.Tenant, sc.User)
	if err != nil {
		return Folder{}, fmt.Errorf("rename folder %s: %w", id, err)
	}
	row, err := getFolder(ctx, s.db, sc, id, "")
	if err != nil {
		return Folder{}, err
	}
	return row.open(box)
}

// DeleteFolder removes a folder; what was in it stays and is in none.
func (s *Store) DeleteFolder(ctx context.Context, sc chat.Scope, id string) error {
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM folders WHERE id = ? AND tenant_id = ? AND user_id = ?`, id, sc.Tenant, sc.User)
		if err != nil {
			return fmt.Errorf("delete folder %s: %w", id, err)
		}
		if n == 0 {
			return fault.NotFound("there is no folder %s", id)
		}
		_, err = tx.Exec(ctx, `UPDATE conversations SET folder_id = '' WHERE folder_id <> '' AND folder_id = ? AND tenant_id = ? AND user_id = ?`,
			id, sc.Tenant, sc.User)
		if err != nil {
			return fmt.Errorf("empty folder %s: %w", id, err)
		}
		return nil
	})
}

// getFolder reads one folder; param is the request field that named it.
func getFolder(ctx context.Context, q store.Queryer, sc chat.Scope, id, param string) (row folderRow, err error) {
	err = q.Get(ctx, &row, `SELECT id, name, created_at, `+countFiled+` AS conversations FROM folders
		WHERE id = ? AND tenant_id = ? AND user_id = ?`, id, sc.Tenant, sc.User)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no folder %s", id).At(param)
	}
	if err != nil {
		return row, fmt.Errorf("load folder %s: %w", id, err)
	}
	return row, nil
}

// file puts a conversation into a folder. Touching the folder's row makes a deletion of the folder wait for
// this transaction on PostgreSQL, so that no conversation is left in a folder that is gone.
func file(ctx context.Context, tx *store.Tx, sc chat.Scope, row *conversationRow, folder string) error {
	if folder != "" {
		if row.Temporary != 0 {
			return fault.Conflict("a temporary conversation is in no list, and so in no folder").At("folder_id")
		}
		n, err := tx.Exec(ctx, `UPDATE folders SET name = name WHERE id = ? AND tenant_id = ? AND user_id = ?`, folder, sc.Tenant, sc.User)
		if err != nil {
			return fmt.Errorf("lock folder %s: %w", folder, err)
		}
		if n == 0 {
			return fault.NotFound("there is no folder %s", folder).At("folder_id")
		}
	}
	row.Folder = folder
	return nil
}
