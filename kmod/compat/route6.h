/* SPDX-License-Identifier: GPL-2.0 */
/* IPv6 route look-up: through ipv6_stub while that exists, a direct call later. */
#ifndef CR_COMPAT_ROUTE6_H
#define CR_COMPAT_ROUTE6_H

#include <net/ip6_route.h>
#include <net/ipv6.h>
#if __has_include(<net/ipv6_stubs.h>)
#include <net/ipv6_stubs.h>
#define cr_compat_route6(net, sk, fl6) ipv6_stub->ipv6_dst_lookup_flow(net, sk, fl6, NULL)
#else
#define cr_compat_route6(net, sk, fl6) ip6_dst_lookup_flow(net, sk, fl6, NULL)
#endif

#endif /* CR_COMPAT_ROUTE6_H */
