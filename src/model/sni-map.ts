/** The first lines of harden-mail's own map for Postfix of names and their certificates. */
export const SNI_MAP_HEAD = `# Written by harden-mail: the key and certificate that Postfix serves for each name (tls_server_sni_maps).
# Type texthash: it needs no postmap. Run \`postfix reload\` after an edit or a renewal.
`;
