package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy"
)

// openAccounts opens the accounts of the install for one command; the second value closes them.
type openAccounts func(ctx context.Context) (*tenancy.Service, func(), error)

// accounts is what the commands user, tenant and key share: the flags that all of them have, and the
// way to the service.
type accounts struct {
	open    openAccounts
	address func() (string, error) // where people reach the server; only the command user has it
	json    bool
	tenant  string
}

// run opens the service around a command's work.
func (a *accounts) run(f func(cmd *cobra.Command, svc *tenancy.Service, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		svc, done, err := a.open(cmd.Context())
		if err != nil {
			return err
		}
		defer done()
		return f(cmd, svc, args)
	}
}

// in is run for work inside one tenant: the one that --tenant names, else the first.
func (a *accounts) in(f func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error) func(*cobra.Command, []string) error {
	return a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
		t, err := findTenant(cmd.Context(), svc, a.tenant)
		if err != nil {
			return err
		}
		return f(cmd, svc, tenancy.Console(t.ID), args)
	})
}

// findTenant finds one by its slug or id, or the first for "".
func findTenant(ctx context.Context, svc *tenancy.Service, name string) (tenancy.Tenant, error) {
	list, err := svc.Tenants(ctx, tenancy.Console(""))
	if err != nil {
		return tenancy.Tenant{}, err
	}
	for _, t := range list {
		if t.Slug == name || t.ID == name || (name == "" && t.Operator) {
			return t, nil
		}
	}
	if name == "" {
		return tenancy.Tenant{}, errors.New("there is no tenant yet: make the first owner with: parley user add EMAIL --role owner")
	}
	return tenancy.Tenant{}, fmt.Errorf("there is no tenant %q; see: parley tenant list", name)
}

// print writes v as JSON, or as the table whose rows are given.
func (a *accounts) print(cmd *cobra.Command, v any, header string, rows ...[]string) error {
	out := cmd.OutOrStdout()
	if a.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(strings.Fields(header), "\t"))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

func newUserCmd(open openAccounts, address func() (string, error)) *cobra.Command {
	a := &accounts{open: open, address: address}
	cmd := &cobra.Command{Use: "user", Short: "Manage people's accounts"}
	cmd.PersistentFlags().StringVar(&a.tenant, "tenant", "", "slug of the tenant (default: the first one)")
	cmd.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	cmd.AddCommand(userAdd(a), userInvite(a), userList(a), userSetRole(a), userSetPassword(a),
		userDisable(a, "disable", "Sign somebody out and refuse their sign-in, keys and tokens", true),
		userDisable(a, "enable", "Let a disabled user in again", false), userRemove(a))
	return cmd
}

func userAdd(a *accounts) *cobra.Command {
	var name, role string
	var stdin, none bool
	var groups []string
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Make an account; the password is asked for on the terminal", Args: cobra.ExactArgs(1),
		Long: "Make an account. The password is asked for on the terminal or read with --password-stdin.\n" +
			"On a new install, adding an owner makes the first tenant too.",
	}
	cmd.Flags().StringVar(&name, "name", "", "the person's name")
	cmd.Flags().StringVar(&role, "role", string(chat.RoleMember), "viewer, member, admin or owner")
	cmd.Flags().StringSliceVar(&groups, "group", nil, "a group; may be given several times")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from the first line of standard input")
	cmd.Flags().BoolVar(&none, "no-password", false, "for somebody who signs in through a provider only")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "no-password")
	add := func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
		n := tenancy.NewUser{Email: args[0], Name: name, Role: chat.Role(role), Groups: groups}
		if !none {
			var err error
			if n.Password, err = readPassword(cmd, stdin); err != nil {
				return err
			}
		}
		u, err := svc.CreateUser(cmd.Context(), who, n)
		if err != nil {
			return err
		}
		return a.printUsers(cmd, u, u)
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
		if a.tenant == "" && chat.Role(role) == chat.RoleOwner {
			if err := makeFirstTenant(cmd.Context(), svc); err != nil {
				return err
			}
		}
		again := &accounts{json: a.json, tenant: a.tenant, open: func(context.Context) (*tenancy.Service, func(), error) {
			return svc, func() {}, nil
		}}
		return again.in(add)(cmd, args)
	})
	return cmd
}

// makeFirstTenant makes the first tenant of an install that has none.
func makeFirstTenant(ctx context.Context, svc *tenancy.Service) error {
	list, err := svc.Tenants(ctx, tenancy.Console(""))
	if err != nil || len(list) > 0 {
		return err
	}
	_, err = svc.CreateTenant(ctx, tenancy.Console(""), tenancy.NewTenant{Slug: "team", Name: "Team"})
	return err
}

func userList(a *accounts) *cobra.Command {
	var query string
	cmd := &cobra.Command{Use: "list", Short: "List the users of a tenant", Args: cobra.NoArgs}
	cmd.Flags().StringVarP(&query, "query", "q", "", "part of a name or an address")
	cmd.RunE = a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, _ []string) error {
		users, f := []tenancy.User{}, tenancy.UserFilter{Query: query, Limit: 200}
		for {
			page, err := svc.Users(cmd.Context(), who, f)
			if err != nil {
				return err
			}
			users = append(users, page.Users...)
			if f.Cursor = page.Next; f.Cursor == "" {
				return a.printUsers(cmd, users, users...)
			}
		}
	})
	return cmd
}

// printUsers prints v as JSON, or the users as a table.
func (a *accounts) printUsers(cmd *cobra.Command, v any, users ...tenancy.User) error {
	rows := make([][]string, 0, len(users))
	for _, u := range users {
		state := "active"
		if u.Disabled {
			state = "disabled"
		}
		rows = append(rows, []string{u.ID, u.Email, u.Name, string(u.Role), state, strings.Join(u.Groups, ","), when(u.LastLoginAt)})
	}
	return a.print(cmd, v, "ID EMAIL NAME ROLE STATE GROUPS LAST-LOGIN", rows...)
}

// change makes a command that changes the user whose address is its first argument.
func (a *accounts) change(use, short string, args int, patch func(cmd *cobra.Command, args []string) (tenancy.UserPatch, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
			u, err := svc.UserByEmail(cmd.Context(), who, args[0])
			if err != nil {
				return err
			}
			p, err := patch(cmd, args)
			if err != nil {
				return err
			}
			if u, err = svc.UpdateUser(cmd.Context(), who, u.ID, p); err != nil {
				return err
			}
			return a.printUsers(cmd, u, u)
		}),
	}
}

func userSetRole(a *accounts) *cobra.Command {
	return a.change("set-role EMAIL ROLE", "Give a user another role", 2, func(_ *cobra.Command, args []string) (tenancy.UserPatch, error) {
		role := chat.Role(args[1])
		return tenancy.UserPatch{Role: &role}, nil
	})
}

func userDisable(a *accounts, verb, short string, disabled bool) *cobra.Command {
	return a.change(verb+" EMAIL", short, 1, func(*cobra.Command, []string) (tenancy.UserPatch, error) {
		return tenancy.UserPatch{Disabled: &disabled}, nil
	})
}

func userSetPassword(a *accounts) *cobra.Command {
	var stdin bool
	cmd := a.change("set-password EMAIL", "Set a password and end the user's sessions", 1, func(cmd *cobra.Command, _ []string) (tenancy.UserPatch, error) {
		password, err := readPassword(cmd, stdin)
		return tenancy.UserPatch{Password: &password}, err
	})
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from the first line of standard input")
	return cmd
}

func userRemove(a *accounts) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "rm EMAIL", Short: "Delete a user and everything that is kept of them", Args: cobra.ExactArgs(1)}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
		u, err := svc.UserByEmail(cmd.Context(), who, args[0])
		if err != nil {
			return err
		}
		if !yes {
			if err := confirmWord(cmd, fmt.Sprintf("This deletes %s with all conversations.", u.Email), u.Email); err != nil {
				return err
			}
		}
		if err := svc.DeleteUser(cmd.Context(), who, u.ID); err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "deleted", u.Email)
		return nil
	})
	return cmd
}

// readPassword reads a password without showing it, twice, or the first line of standard input. It is
// never an argument: those are seen by everybody on the machine.
func readPassword(cmd *cobra.Command, stdin bool) (string, error) {
	in := cmd.InOrStdin()
	if stdin {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read password: %w", err)
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.New("standard input holds no password")
		}
		return line, nil
	}
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", errors.New("there is no terminal to ask for the password; use --password-stdin")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", fault.Invalid("the two passwords differ")
	}
	return typed[0], nil
}

// confirmWord asks for a word to be typed before something that cannot be undone.
func confirmWord(cmd *cobra.Command, warning, word string) error {
	fmt.Fprintf(cmd.ErrOrStderr(), "%s\nType %s to go on: ", warning, word)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read answer: %w", err)
	}
	if strings.TrimSpace(line) != word {
		return errors.New("not confirmed; nothing was changed")
	}
	return nil
}

// when prints a time for a table.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}
