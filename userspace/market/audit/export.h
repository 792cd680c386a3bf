/* SPDX-License-Identifier: MIT */
/* The books for everybody: every row of every table, one JSON object per line. */
#ifndef MARKET_EXPORT_H
#define MARKET_EXPORT_H

#include <stdio.h>

#include "market/books/market.h"

/**
 * mkt_export() - in one consistent view, in the order of their keys
 *
 * Each line is {"table":NAME, COLUMN:VALUE, ...}: numbers as numbers, bytes as hexadecimal
 * digits. There are no secrets in it; docs/market.md says what each table holds.
 */
enum mkt_verdict mkt_export(struct market *m, FILE *to);

#endif /* MARKET_EXPORT_H */
