package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/tenancy"
)

func newKeyCmd(open openAccounts) *cobra.Command {
	a := &accounts{open: open}
	cmd := &cobra.Command{Use: "key", Short: "Manage API keys"}
	cmd.PersistentFlags().StringVar(&a.tenant, "tenant", "", "slug of the tenant (default: the first one)")
	cmd.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	cmd.AddCommand(keyAdd(a), keyList(a), keyRevoke(a))
	return cmd
}

func keyAdd(a *accounts) *cobra.Command {
	var name string
	var permissions []string
	var lives time.Duration
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Make an API key for a user and print it, this once", Args: cobra.ExactArgs(1),
		Long: "Make an API key for a user. The key goes to standard output and is kept nowhere; what is said about it goes to standard error.",
	}
	cmd.Flags().StringVar(&name, "name", "made in the shell", "what the key is for")
	cmd.Flags().StringSliceVar(&permissions, "permission", []string{string(chat.MayChat)}, "chat, admin, or both")
	cmd.Flags().DurationVar(&lives, "expires-in", 0, "how long the key lives, like 720h (default: until it is revoked)")
	cmd.RunE = a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
		u, err := svc.UserByEmail(cmd.Context(), who, args[0])
		if err != nil {
			return err
		}
		n := tenancy.NewKey{Name: name}
		for _, p := range permissions {
			n.Permissions = append(n.Permissions, chat.Permission(p))
		}
		if cmd.Flags().Changed("expires-in") {
			n.ExpiresAt = time.Now().Add(lives)
		}
		k, secret, err := svc.CreateKeyFor(cmd.Context(), who, u.ID, n)
		if err != nil {
			return err
		}
		if a.json {
			return a.print(cmd, struct {
				tenancy.Key
				Secret string `json:"secret"`
			}{k, secret}, "")
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s for %s; it is not shown again\n", k.ID, u.Email)
		fmt.Fprintln(cmd.OutOrStdout(), secret)
		return nil
	})
	return cmd
}

func keyList(a *accounts) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the API keys of a tenant, without their secrets", Args: cobra.NoArgs,
		RunE: a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, _ []string) error {
			keys, err := svc.AllKeys(cmd.Context(), who)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, k := range keys {
				var may []string
				for _, p := range k.Permissions {
					may = append(may, string(p))
				}
				rows = append(rows, []string{k.ID, k.UserID, k.Name, k.Prefix, strings.Join(may, ","), when(k.ExpiresAt), when(k.LastUsedAt)})
			}
			return a.print(cmd, keys, "ID USER NAME PREFIX PERMISSIONS EXPIRES LAST-USED", rows...)
		}),
	}
}

func keyRevoke(a *accounts) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End an API key at once", Args: cobra.ExactArgs(1),
		RunE: a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
			if err := svc.RevokeAnyKey(cmd.Context(), who, args[0]); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "revoked", args[0])
			return nil
		}),
	}
}
