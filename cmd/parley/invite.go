package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

func userInvite(a *accounts) *cobra.Command {
	var n tenancy.NewInvitation
	var role string
	cmd := &cobra.Command{
		Use: "invite EMAIL", Short: "Make a link by which somebody joins, and print it, this once", Args: cobra.ExactArgs(1),
		Long: "Make a link by which the owner of an address makes an account with a password of their own. The link goes to\n" +
			"standard output and is kept nowhere; what is said about it goes to standard error. A new link for the same\n" +
			"address makes an earlier one void.",
	}
	cmd.Flags().StringVar(&n.Name, "name", "", "the person's name, which can be changed when joining")
	cmd.Flags().StringVar(&role, "role", string(chat.RoleMember), "viewer, member, admin or owner")
	cmd.Flags().StringSliceVar(&n.Groups, "group", nil, "a group; may be given several times")
	cmd.Flags().IntVar(&n.Days, "days", 7, "how long the link is good, 1 to 30 days")
	cmd.RunE = a.in(func(cmd *cobra.Command, svc *tenancy.Service, who chat.Identity, args []string) error {
		base, err := a.address()
		if err != nil {
			return err
		}
		n.Email, n.Role = args[0], chat.Role(role)
		v, token, err := svc.Invite(cmd.Context(), who, n)
		if err != nil {
			return err
		}
		link := base + tenancy.JoinPath(token)
		if a.json {
			return a.print(cmd, struct {
				invitation.Invitation
				Link string `json:"link"`
			}{v, link}, "")
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s joins as %s by this link, until %s; it is not shown again\n", v.Email, v.Role, when(v.ExpiresAt.Local()))
		fmt.Fprintln(cmd.OutOrStdout(), link)
		return nil
	})
	return cmd
}
