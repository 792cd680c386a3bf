// SPDX-License-Identifier: GPL-2.0
/* Netlink: key generations of links. */
#include "nl.h"

static void cr_nl_get_sip(const struct genl_info *info, u16 attr, struct cr_siphash_key *key)
{
	cr_siphash_key_load(key, nla_data(info->attrs[attr]));
}

static void cr_nl_get_key_cfg(const struct genl_info *info, struct cr_key_cfg *cfg)
{
	struct nlattr **a = info->attrs;

	cfg->gen = nla_get_u8(a[CELLRELAY_A_KEY_GEN]);
	cfg->rx_index = nla_get_u32(a[CELLRELAY_A_KEY_RX_INDEX]);
	cfg->tx_index = nla_get_u32(a[CELLRELAY_A_KEY_TX_INDEX]);
	cr_nl_get_sip(info, CELLRELAY_A_KEY_TX_IDX_KEY, &cfg->tx_idx);
	cr_nl_get_sip(info, CELLRELAY_A_KEY_RX_TAG, &cfg->rx.tag);
	cr_nl_get_sip(info, CELLRELAY_A_KEY_RX_MASK, &cfg->rx.mask);
	cr_nl_get_sip(info, CELLRELAY_A_KEY_TX_TAG, &cfg->tx.tag);
	cr_nl_get_sip(info, CELLRELAY_A_KEY_TX_MASK, &cfg->tx.mask);
	nla_memcpy(cfg->rx_ctl, a[CELLRELAY_A_KEY_RX_CTL], sizeof(cfg->rx_ctl));
	nla_memcpy(cfg->tx_ctl, a[CELLRELAY_A_KEY_TX_CTL], sizeof(cfg->tx_ctl));
	if (a[CELLRELAY_A_KEY_EXPIRES_MS])
		cfg->expires_ms = nla_get_u32(a[CELLRELAY_A_KEY_EXPIRES_MS]);
	cfg->send = nla_get_flag(a[CELLRELAY_A_KEY_SEND]);
}

/** cr_nl_key_new_doit() - KEY_NEW */
int cr_nl_key_new_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	struct cr_key_cfg cfg = {};
	struct cr_link *link;
	int err;

	cr_nl_get_key_cfg(info, &cfg);
	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_KEY_LINK);
	err = PTR_ERR_OR_ZERO(link) ?: cr_link_key_new(link, &cfg, info->extack);
	mutex_unlock(&cn->lock);
	memzero_explicit(&cfg, sizeof(cfg));
	return err;
}

/** cr_nl_key_set_doit() - KEY_SET */
int cr_nl_key_set_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *expires = info->attrs[CELLRELAY_A_KEY_EXPIRES_MS];
	bool send = nla_get_flag(info->attrs[CELLRELAY_A_KEY_SEND]);
	u8 gen = nla_get_u8(info->attrs[CELLRELAY_A_KEY_GEN]);
	struct cr_link *link;
	int err;

	if (!send && !expires) {
		NL_SET_ERR_MSG(info->extack, "key-set: nothing to set: give send or expires-ms");
		return -EINVAL;
	}
	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_KEY_LINK);
	err = PTR_ERR_OR_ZERO(link) ?:
	      cr_link_key_set(link, gen, send, expires, expires ? nla_get_u32(expires) : 0,
			      info->extack);
	mutex_unlock(&cn->lock);
	return err;
}

/** cr_nl_key_del_doit() - KEY_DEL */
int cr_nl_key_del_doit(struct cr_net *cn, struct sk_buff *skb, struct genl_info *info)
{
	u8 gen = nla_get_u8(info->attrs[CELLRELAY_A_KEY_GEN]);
	struct cr_link *link;
	int err;

	mutex_lock(&cn->lock);
	link = cr_nl_link(cn, info, CELLRELAY_A_KEY_LINK);
	err = PTR_ERR_OR_ZERO(link) ?:
	      cr_link_key_del(link, gen, CELLRELAY_REASON_REQUEST, info->extack);
	mutex_unlock(&cn->lock);
	return err;
}
