/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_KEYS_H
#define TESTS_KEYS_H

/*
 * Private keys for the tests, worth nothing elsewhere. Where no source is
 * given, openssl-genpkey(1) made them; the large ones take it too long to
 * make them anew each time.
 */

/* RFC 8463 appendix A.2, the RSA key */
#define KEY_RFC8463_RSA                                                      \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                  \
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n" \
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n" \
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n" \
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n" \
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n" \
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n" \
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n" \
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n" \
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n" \
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n" \
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n" \
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n" \
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"                     \
	"-----END RSA PRIVATE KEY-----\n"

/* The same, by openssl-pkcs8(1). */
#define KEY_RFC8463_RSA_PKCS8                                                \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOQeU5CgFPNZGIaz\n" \
	"lXo2k/eJ1jpaTTxrmqF1HrDLlt04pvaMtCJj8nXoliLRC/H9vJjMI1vdb3XLcW60\n" \
	"AIN/PBD8EL97/y4GwJH7LPUvGP48vqUe+owqszesbiGy1PlCO8c70/OjFnJVgvMF\n" \
	"87YR4Lcincb7aSvI5MgpP6X8rjDdAgMBAAECgYAfRzE6EVkODNdaEOGcAkPDmziu\n" \
	"g5c3g6GOJdrxbtjeuFfcUmqYlI+4Lw329CbpJVtosAThIbmYsy54eWHgpd98Sm4s\n" \
	"SI2n1Kzc7hh8uJCltGoTtOblLEqO+9Chll7MeiuKY5oKFEvaK3juK5bHPFKJEy/h\n" \
	"z6PvQaJZ3FefF7hSgQJBAPMkH/RTnxbtFnLp6cZWPaRYXvfYKhYVlbOLUWJy52sE\n" \
	"WjLrdDByjCmgJrMq29kYw2U9acLvH/qjwZy5J7SBrbECQQDwLs+Kk+bX/V9NFC+P\n" \
	"Wj90OZmnbjfTjhk3LGOD78483ShYJtcgbHJa+ZlteuI5ahIAslOMTESCtocSCdey\n" \
	"y6TtAkEAuXkgKxgy7qEzE7veCd81rI2A/F1YVXpntQucrJXsdJVgXSGBg4eN5h72\n" \
	"Boy2IliijTMY34vcAC00/2G6qRaXMQJATVqWJwh5WWjV76onoyCqvRDsBrt9qVnj\n" \
	"jxxxtIVgQ8PqgXGI6X1j2x72Jgdkop8hyy2jsNTDX+HPYKTg3kmuBQJBALIq942+\n" \
	"POSR3weNizRLAzR8+MrXr//moNnZSIMac564TPEEMCvnXxnxUVtHjWKfdbhjfIIO\n" \
	"BCUuVwROtL7Nhws=\n"                                                 \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_1023                                                         \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                  \
	"MIICWQIBAAKBgGI7jlEIvhYK5PJ2d8XocHkpCdWsKbvVsowVLFnrDArNPQc80nDr\n" \
	"MEeQDxNxIbMVrKrIBXBz3hBD46cPZx2jFvUg1WXmNDI6xqrgmCycIR9vZQ4dTmVN\n" \
	"0Q0a7mFqLsjB5adgLQdboqNIpxu0L7i82jUp2mkpEPN2EkwY0G15GgofAgMBAAEC\n" \
	"gYBFvL4WLTy1bVqH/y6co51lhori1Gx0Wwt8g3OPClzsNjRDNRy46V7HDzCEvuYL\n" \
	"uzFvtLyXzsoxheDSMw8jbSrYQkx6z6i/by++86xFeifLpBZSRIMPl3zI70eJjjZT\n" \
	"IIbeIklOzV3KEaRwyzdaDcOHNRiu7Ud5PnkMSi3IITavoQJBANsFAsHyZiP8HOwZ\n" \
	"OUUZk23zs9CAwjLX3oxTNoQkst/mC5DpVetixSls3nG/C7LWeDHH4kSP5jFfbCw5\n" \
	"KtiwOWcCQHLRmkjwEjBN7TmevIuzlTpnHdM9OSOZUYeBbFglkU5DAhdNuSvGjlpO\n" \
	"8pK9aj7+ODHyN6BtbYD9x2COk3Bc3okCQE2VLc/j/Lh8gwZDPR00HRxSunx+T8xQ\n" \
	"2X2dsG8IzPAw/iHb9dqGx06QSQ/D2/ICtNr1cjpVOvZ8VcYojfvqGLsCQACOLP3f\n" \
	"U2cyaUxXDThrxPQEXauQ5z7Z1gAeyyReAibrwg3UzWl9y2B6c0fsbKAjYKg1MLmw\n" \
	"7c+q6pT3+5SWjmkCQDm9rhzVs2GqTY057i0V21Cs62LUhZFvauiXrkF3GnLITmdV\n" \
	"BtlTQoU2liC8g6hooapc5dFPWiV+qB2N+XPNCAU=\n"                         \
	"-----END RSA PRIVATE KEY-----\n"

#define KEY_RSA_2048                                                         \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                  \
	"MIIEogIBAAKCAQEAnpNGIacviNlW7Ajx1TrPKT5bm1RC9VA+okOfYCuLO5M0zkx1\n" \
	"+rqX1802K/3IA4USmj80Jn9dv2jpE5syJVT/K6zU7oChqGar3jVONNRcYn8GVAPD\n" \
	"4ZPGqZkM5DBfe8lalgDOEZTKelYEo55gdJLBlZdR12H64nCIpu+zRlid+SdUDtsA\n" \
	"hBwgzGJDmdcMOiCYcPKFa/GfMpP9SLJlPR+5I1cJQfuBR5b5M2npOZyGhsO1gQw4\n" \
	"5E34+icpD387xzHF3t1G7PabEfh7omzPnTzydEg+y50VkBj8r9Xund/aFJ0di6Fm\n" \
	"IjSbN1arXj/4+0BoR/rrQFj6G41nAbiMDrINkwIDAQABAoIBACx4asOHSjpbkRfS\n" \
	"jldZDb2oQjJ2V+zJ2zbQNgLXU02aw8VTBgcRiwG3CAkgO5ZZHFVrgimFsHm8Zxjb\n" \
	"fh2gD4tlBbX5FtzOJkbDtjH0mA/7RYAMKkO5mI35YPchZbWmSyQkB6ZAjuPt+ZEV\n" \
	"GkG24lkcPZRkYuJb4sbGFAWXVn4Hi0pkfZJX7zDuu9x7SzOij2tc7bosnvnh2Wip\n" \
	"qhQ53hg0k7DmOy8bLZHT5SLnVH6VD2GEmRvWjEp3l5pMCn5B7omR0qqnz1a4c49T\n" \
	"U7TtgwmR77SpcsxHX2OxKk7AOrUNK+10sFWeMTNCM3BCjb2ocsGav6Wy/AueuQEz\n" \
	"3nuRNAECgYEA1N+TRn4DP/yRMdcOg03WsQudBrwj3HyfBA7TqbKYwi/TNNOFnXB/\n" \
	"0ZFRGrxEc2H9TdL8IJ3Yfxz8ymLohVEki6xyFWCrHq5L4q6NuaeHRbQRZcWWidur\n" \
	"IFb3UD2SGFeLmWkrxZZ1vDi+rhKxJkegSBw5jptqn0NLNbRA/JaPU5MCgYEAvrOY\n" \
	"H//5rw845gjw9geF6LTLMXMG5R9GrTj901jinNR40D8FBctUUkFzkW2OWa5X69DU\n" \
	"ba5xdnN8/s2FjiH4fXBbD3/AjwhmmcN73pa2FEiUNagWLnfgrn3/FkcVumwEgb54\n" \
	"Db6XwtoNcUZngGujWfYbocDgriGjs01tUCf6ngECgYAzlxevTtzkxgY+SPt4cQXm\n" \
	"FIVy22fpiL5VEm7Twrfo4ARU2iqYtGoV1R0N2LDSMd5c3RRDp12PuOu+9OebX8X2\n" \
	"n81qRupR3jX/8wPgCazsBK7utks8j+NSTCFV7gYZJiZsAKQeF8/i1PHJaDhMqbE7\n" \
	"qLN+T0Yw4PM6SbwyOx7zRwKBgBYsQ4/U728PUgpNF9dDYKqB+u4w9ahGTq1tZvXf\n" \
	"69lYSwPLkAXwckluGsXZ+ycqQkbE7S4jjkW7f9kQhGrWQFI1ciEHNZhr3aIbPJfQ\n" \
	"5jLNjY3/kTSt843WUIaClWArlwqO3t6aPoMFX3LAQOCJo2CeYPAZwQX+G06JviAH\n" \
	"xfgBAoGAcUBnkQNbnf1SHJ7pbK+Ti3or+enD+lFDVGkZEhxFFGqpR3MKCXM9SbUz\n" \
	"rS7G6L+R5nDhK1Wsucjcf53ysV1Flqg2bVETWLnSo8QmO+M5izHV3D48V3Nouunj\n" \
	"N2eRnWL/bcVs/h1uiv1mEjrJ2v5wqenrr9IVv0f1aLYtze6TY5w=\n"             \
	"-----END RSA PRIVATE KEY-----\n"

/* The same. */
#define KEY_RSA_2048_PKCS8                                                   \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCek0Yhpy+I2Vbs\n" \
	"CPHVOs8pPlubVEL1UD6iQ59gK4s7kzTOTHX6upfXzTYr/cgDhRKaPzQmf12/aOkT\n" \
	"mzIlVP8rrNTugKGoZqveNU401FxifwZUA8Phk8apmQzkMF97yVqWAM4RlMp6VgSj\n" \
	"nmB0ksGVl1HXYfricIim77NGWJ35J1QO2wCEHCDMYkOZ1ww6IJhw8oVr8Z8yk/1I\n" \
	"smU9H7kjVwlB+4FHlvkzaek5nIaGw7WBDDjkTfj6JykPfzvHMcXe3Ubs9psR+Hui\n" \
	"bM+dPPJ0SD7LnRWQGPyv1e6d39oUnR2LoWYiNJs3VqteP/j7QGhH+utAWPobjWcB\n" \
	"uIwOsg2TAgMBAAECggEALHhqw4dKOluRF9KOV1kNvahCMnZX7MnbNtA2AtdTTZrD\n" \
	"xVMGBxGLAbcICSA7llkcVWuCKYWwebxnGNt+HaAPi2UFtfkW3M4mRsO2MfSYD/tF\n" \
	"gAwqQ7mYjflg9yFltaZLJCQHpkCO4+35kRUaQbbiWRw9lGRi4lvixsYUBZdWfgeL\n" \
	"SmR9klfvMO673HtLM6KPa1ztuiye+eHZaKmqFDneGDSTsOY7LxstkdPlIudUfpUP\n" \
	"YYSZG9aMSneXmkwKfkHuiZHSqqfPVrhzj1NTtO2DCZHvtKlyzEdfY7EqTsA6tQ0r\n" \
	"7XSwVZ4xM0IzcEKNvahywZq/pbL8C565ATPee5E0AQKBgQDU35NGfgM//JEx1w6D\n" \
	"TdaxC50GvCPcfJ8EDtOpspjCL9M004WdcH/RkVEavERzYf1N0vwgndh/HPzKYuiF\n" \
	"USSLrHIVYKserkviro25p4dFtBFlxZaJ26sgVvdQPZIYV4uZaSvFlnW8OL6uErEm\n" \
	"R6BIHDmOm2qfQ0s1tED8lo9TkwKBgQC+s5gf//mvDzjmCPD2B4XotMsxcwblH0at\n" \
	"OP3TWOKc1HjQPwUFy1RSQXORbY5Zrlfr0NRtrnF2c3z+zYWOIfh9cFsPf8CPCGaZ\n" \
	"w3velrYUSJQ1qBYud+Cuff8WRxW6bASBvngNvpfC2g1xRmeAa6NZ9huhwOCuIaOz\n" \
	"TW1QJ/qeAQKBgDOXF69O3OTGBj5I+3hxBeYUhXLbZ+mIvlUSbtPCt+jgBFTaKpi0\n" \
	"ahXVHQ3YsNIx3lzdFEOnXY+4677055tfxfafzWpG6lHeNf/zA+AJrOwEru62SzyP\n" \
	"41JMIVXuBhkmJmwApB4Xz+LU8cloOEypsTuos35PRjDg8zpJvDI7HvNHAoGAFixD\n" \
	"j9Tvbw9SCk0X10NgqoH67jD1qEZOrW1m9d/r2VhLA8uQBfBySW4axdn7JypCRsTt\n" \
	"LiOORbt/2RCEatZAUjVyIQc1mGvdohs8l9DmMs2Njf+RNK3zjdZQhoKVYCuXCo7e\n" \
	"3po+gwVfcsBA4ImjYJ5g8BnBBf4bTom+IAfF+AECgYBxQGeRA1ud/VIcnulsr5OL\n" \
	"eiv56cP6UUNUaRkSHEUUaqlHcwoJcz1JtTOtLsbov5HmcOErVay5yNx/nfKxXUWW\n" \
	"qDZtURNYudKjxCY74zmLMdXcPjxXc2i66eM3Z5GdYv9txWz+HW6K/WYSOsna/nCp\n" \
	"6euv0hW/R/Voti3N7pNjnA==\n"                                         \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_8192                                                         \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIISQgIBADANBgkqhkiG9w0BAQEFAASCEiwwghIoAgEAAoIEAQCjI2lnkEqPGDkT\n" \
	"AOxG+8DKnAucQvSFvBmSyi39+NN1WI7kWB2f/0CMFfInzp9itOQ3XRBejLrf4TiX\n" \
	"3WkPdAFxCFStqNUl/tQtJORYRwrPQ63qmJRkZ1LnrNlUzNLnWcwPTkvtHS7zqkzU\n" \
	"mrjDJfs1cYq8MsTPwRSLTswtVhtjTAXK0xOJBIkOV45Me6mZlQuuk+NBRz86TRpq\n" \
	"JZDH2nIA4+EfknZhZyn1UoC2ZvJbzjwdIKXP4sqK6elkaE1hMMprJgHl7AtAFXM9\n" \
	"MFjjDBe/LSMQqdonY9dOYU7BKUSst9rB87Qh5uFLKsUSfNQEUmBYbOmFlR5aqCJW\n" \
	"aiiPfL8jJFHytlAhFKKcdx9h7ZmEILs9cuyS68WHgCGgTgIFjMzTgAJAa/qPYh0x\n" \
	"20HfGDleuhNB6U0uMRjDRCPkvV5WHKS+ejXNzp/zILdfpBuGW1dmSse15GFMjOWN\n" \
	"5vhHnHqD2itx1PEt4R2mzVNRinz+53fuABk+vENqJknjtTy0PpAhCUQGTXk2l1jk\n" \
	"mCqLBXJFoK1Iz8FcmUci6+TDnJPz1XGKLsjqup5lRmawDBwV91ys2gIqXVEyHMjY\n" \
	"+/NVcJcmi/AzVm9IPrLeqcidRVLdF32dxo2vwFoK1EpDaJr+FZrw+SM4Fc+M3oh6\n" \
	"LqkIBl00b80ryHViL1j5Ut5TAi/jdLZgeQA1qsp71m7Wz2ugrHcQeRh9PfBewvdq\n" \
	"Rt7MnyQWhbFtpAlqkJKRgC4cYlCcUUj5f84OG1ngByc3DeZBvTR43aszM+nkiFDc\n" \
	"jLAj/vO+5PHRe28ztaohtqYwm+pflDWULoHB0qcXLQF77Z/z0jVFfLyYHNv6RnAK\n" \
	"eKGMQZSi+jmKPoDX4fXqD+5NR7y8yQFACAtcaLAhM7r5no18+baSjAUgaVAV1kit\n" \
	"gWeOOGhtDeRInLvyrxR3yJRdYmGOKuif34zHlolytoAxE2J43+v47fJjlhwWT7fX\n" \
	"vGRWCbuu9qjfdOYxp9k+BTRJqrNP85R2dT8L5GYgQSjBlxn6lxsHv7XMGyjFvE+r\n" \
	"ZIDJpL7Gy7/zRSbYAxw43k2vlgEcuj2AjlIgCzPHu2BTgq/cRTmhpTMiUg8aD2+v\n" \
	"cGce2TlsWaAMGRXYDmgibAMogSLvz3MJdFqT6NqRuHMmw09yvC2SSMK4LcABHu+t\n" \
	"C2d2OS5O9qjBMkXNJHfR/E5qQtlmPml6wua0BOvmTzpm/c/VDF8Vu/7j0g3txdPO\n" \
	"iLoL2HUScxbaHk/WyF1HH/1VwEUPdXL0i+HJ7yyNyHt3tFTdDBMlTDBXdAGY8hS7\n" \
	"ZY1HkkGbdrLXICdLY2SYoiV2PsqAibSpINfAlf+lCT2HzjB27+RSuZqtNHqY9Kit\n" \
	"s5mRdP1XAgMBAAECggQADfonur7LFI1/vlgS5lYFg5ZxDDdUWezux/vYiuz5uREY\n" \
	"VQoTp7Sn5BixQaXbVAqpjvDDSUaHcE0Mmz5WFQPcZ8HN938CnBnENgX2JnYXwABN\n" \
	"c08VT7DmkoDlsfVGkJnJ+Pm9WZhpgGjz4jdLYzTq2/5ZY5x57k7dor3iknPRLuXB\n" \
	"jUoeX1vrHjZ0M6tYsZbqhE+ZZetjyGv4umVzjRvzLo5XqGvVBq1fE+y4qGgTlbgK\n" \
	"wHgenLwSnGpEG90v3AbhIOMFwJxDrn7n+7MbuoA7vJ5yZagXz84nEUkXBUey4ZVz\n" \
	"AbEOmuT8IoOMlPPq+l/Qb2MNcut+yUekgYDg7sJCYhFnkAL8xIjPEdbG8o333DEt\n" \
	"uasSB9h5eQ2KVAC6/Zy9o9VQ3BIkSoqec7oUX7fkmnAY3EnP2ghM1dYNuThcT8Zu\n" \
	"ev9fgr2USLFh5Kjbztweld4MVFI33+YmeMz0MrZ+bLORi1QyQbsK3lKzM8ZIxVIx\n" \
	"nUuW3iAlKoATTpYlmE/P63Suxld27i1zaUp8QqL50mtczWM3buaXCK/rTrMonfiI\n" \
	"nM07W5kXnxe0DptLALrLzudyzgxmu4Np1eVoSMa3vI66yrs6F5d/ncIwNQFOgzDT\n" \
	"C2SKmSdCz7C2mCXrOZ/CQakm0lRUDv619Lnws4ZQEAEQNBMds4bY+auW7se+MJ+Z\n" \
	"D//vG+P919JesaY8hH0IYbibr26ZWCmsze/+K6l+8jzCbm7muCD4snC8suosQvlD\n" \
	"ANHh5D305/OARP0+OtNZTtui5FJWQBYoKVCCN9nwVaAa/C4V6DUYAF40nQTm1dJZ\n" \
	"rf6jYf9mTE88HscZdggmSoDcLDH7osXfN0x8OJVc/j4GwX3NHiYDx9iPq5SsCDEg\n" \
	"lp94HBp0ddQoATMHesUXzlETKGmJPSob5u2m62VMMPAKVw4chFx0MOAmYH308JZe\n" \
	"kJ6lQIleAMIGSHVrgFk/Stez8nWOWLcI08faA1X+Y8I0517Wq2/97gW4ulhtMLQX\n" \
	"K3rwTyfL9knTfth6ld9Qn2utZMXu+h9Dps2p/9HOJfaD0aNK6ls51MMZt7hH0XOd\n" \
	"2yEcw/ulOffjnoSuWmoQ3/uw85vRntvzpVTGhPhm7eKPMobdkJ5qYWwJRtsSkq9V\n" \
	"hd5KtukDR+kGLmPhmFQKyn+MZqkrku90wUKMhJk3jwd/r0PfCf/s31yNIEouhImL\n" \
	"33uCEyfl8skW26SzxyMx43XP62pIRZ8UoQX4ZgectnihamJgj4laGGnYENK10P92\n" \
	"kFiYSCW8jOP2XwcmKw559Q5L7dtoOG9HyaWynyuwKcBGMHZmqZ/r/GBYHjgVbh/K\n" \
	"bOycMYGa224raIqPyUxv+hORvlqsslCZ+Vm0WTp2+QKCAgEA5Hqjiy9KcZE5vDaP\n" \
	"vXM3lMH0RRs5HDT6/gujGa5hVd8KuNAQ9wVyszlyL11maQoPTysRzxfkZzwgQsSS\n" \
	"Abs1nhHRXFN2Kf7o2CaigL1sNIlyWEhTnLIwvjv8ISz54oFf4I4xEkOUrwkjQejI\n" \
	"9ASCfsMx7d4pqaxuIp/QdOzmv6tFEIh7/0eR/M9KFqVRzWkWngrH/3/q3sH5ThPM\n" \
	"j5BPfMNnXqrJvI4UXusE1jvzjrOmj14GvLXLyPQPNQE1SeXKRbCL3fWppzR2f3BU\n" \
	"LvHftgHOuYi2IFy8qerPa8Rk+i98IErxWFlJNRoI0fpFEa6qbKCi55SHd43KVwFE\n" \
	"lPvvDar+0PKYDbv5xKWihIm8rKcOSOB1oL7SfhaWnUZkqClkbJ7V6bkQozFjVY5J\n" \
	"1wYdYWLA9M9kU/NR98ctZ/8K3ShnJn9idLTDILiBBZNqzLIfy3oqER9w0BlL1Xwm\n" \
	"EoMszqBFsZR1FpkpX5iGwl9HGWDThCAwLeMDaViAbnu/M47IcNzDxidKrZcigNVN\n" \
	"G+N/7UjlyisIZf8jJUDc4nNWXxScomfbCe5fX8bh8zvejwETrD9Bu0lRPa+T3W8c\n" \
	"LttiVGdL2OHbHXwDRo8QxoAN+7ueftu7vyYDAjv5cFdXD6IFg+vJyJ/m/zfLZmhS\n" \
	"0YMbR2YDTMpkFgBUr/3TaWQ9YxUCggIBALbJ7nt2HkA2yXIct/Hk/Ex03MEk6ZMo\n" \
	"3lDVR5+Q4BX9rtMVmn8V2JSN1WisKQhkGDbladCLFHkv2e8jlg120c4yqkvd6Dcl\n" \
	"kfcGZmZG+IAJtGgxKNJDvebzzqBno38O+sWezOiC5wLfmdh3r87aOE82gtrlnsR7\n" \
	"0wOkBobBS1mRTohFWPpin30xAZcXU6T46mJ9a4IClK3vFsen0Dp64uqNIZLsfv5p\n" \
	"d+n8aLJIRjyxsCE14jN3BOq1FbsP7krVOeBNa2WLjGLaWzg3b9O/ru+0JbStCCiq\n" \
	"mlMNODUbVOQRcARh07+13zG/ykokq4uaY3fSzr/eNs+/eSeGa+UKmywx1mwCh7jI\n" \
	"02B7XwOFt4/sX4J27QrVS/bnA2pvZLSOsYiJ3Z2mSZyv0x03dltRJOnjObtS8GkZ\n" \
	"oQqcJjBrxCcALMiOlG5fKE9O/+KwG4PMcH/5+/qGlNiv8Q6UURmL9Sw45G8BF0E5\n" \
	"Inw3BH7UwgU8O+mkuK0ZFzbm1xUZcrJBagHe/l9Mw0+9ajMJ79QvPG3Zbw8kvaJI\n" \
	"e0dfpDWD/b5cD6HyVzMJYJKNa9Z12e5r4PPmEOdSy8RY9jw9I2xv4CLK8ByMGrvo\n" \
	"bvRtpIFB3zbPF5/ddPN5d6drpM9D013CsfCau+dSBgVCBNuDVILuWWkQHMIO7Z1+\n" \
	"5bbap+VFkmm7AoICAQCnmFIowarAvX91USyFEmP96XvNyVdOGorWGSEtsF1TyQUr\n" \
	"Zexb1pI5Z3Uby05Y1HlAYF5y45q2I0Oi1mAnhvSgm39QUySFT6frDgP7nXcm3n+S\n" \
	"xJMYiRj6IjQi/cPa43250XOrawlAj9pd+WyWmkxCwdn5GxLClGpBWatmaXQlunMx\n" \
	"2nviWNR8dm1pSSFFJMXjbhMglutpNS4zmJBf6sJzyT4lEfBjMHE+4vQsVdOlpKAT\n" \
	"4Cve9xehs20IO3ekWjvSfNtMGGy26uPVPUdzHBc2ggLq056NBJmbplM6QNi1MGnD\n" \
	"olWAshXiLtOzevp5Kv92KSr15lysVMTMp3BwPJExHHJIQPtKb82Z8snQoNxWZUA0\n" \
	"Mvn1zKPIu7cFbOJe++XfS2+sPwU2P/8WfgYqBSE+E1to+EwmzIAe2eqzs0B706w+\n" \
	"cAh/hSzw7oYt2eHofuyVrGn5H2/4JeYbljKzN6eBdc1JopV02yqfJdoL8CnOMtlU\n" \
	"vOu6bSBOgQ3MfVdWcXEUYMv2qVG9HfTAPjaOs4VeQC/W6VQCxXE5XWfpcCM2IX94\n" \
	"HehtU36AWfnaGtt5WJferJQB1pkSP52eO2eX83MgaJkZYSsCaLpaYo0ynjIjqo9r\n" \
	"jLEeWLqyQ94ICvkgzX9wMmBUmv6tzXaVCwddCefTqr/W70sVXG7CndUbJN1mtQKC\n" \
	"AgADnKPgvqnEXRDH93dPCVZO8HQ4QNF4vfL+p+g9Z/B1nsiolSGzZywba14PLm+1\n" \
	"Ib00wH3ByC3EY0SsLAjYBUQKDgg9bYocJNrohbDaToa0iPyOnoIO/ZWwDZtEoieh\n" \
	"6Brecs/bvFJyRRbWJy9LKBa6wfn991GW0leOF9ylJwalI3Do0m36rJ44LBK6+JQH\n" \
	"i3+eKJpKPGDRuwq5MUC1Fx6KwfUq4Q91WYIsFne/Jhx1MJGpZlYs7ColtSRTyPHN\n" \
	"er8lBoKbxBEnFud8iePkzEHZrLaeBllF7HEWOQmmSv73brzG6WP0wtRBOGf35Rea\n" \
	"r5dNk9XQBsUQf9kWBdr18Kq2SdnR0o76AMXkfyuWdzr0VhhhDJaMg0B4BYKUxNS5\n" \
	"mKQ7bXX6moGT3gmO5zyoe0b+dCX85Juph/8dpY4/oLGEj8VSxTZ7o9e5EXeO9Cnn\n" \
	"BdAnRzpKbgRc78UUo6uilJhookspQl1CRa2/xJqLIwsebV1FtaKMkRVbWV5gpVsV\n" \
	"2KMOnGhsW6j0V2rUzVp21+Qay5QdOX2hykrdUy98ezo1W75XVeGROZs16iN6XmPL\n" \
	"CUitqRsmZwVtwNBEynR7vQ4xwc7S0ZXppqMio1P/1dxiSd9OomKgOQM7RK5CBjYU\n" \
	"ATfg6D3USVOjIPXVnJe76pfLsqzOzNq3JP3HCjUNG73T5wKCAgAnrb3VuM7SqtzA\n" \
	"RbkdNGoWPD6NwvKB3FLtnNiyzx60w+gNbsRIuYKsb/YnLl/JxAXwPItv3IU+NMin\n" \
	"DVQDwKcVPfGAB/tCH0qtcaSnVb+tfCzfSyvUVXZ9y+cDcpew+cZ/GEVOaT8S+u3l\n" \
	"lb3G45OtVd1nYo/1NgkgnsJtKbWYU/snieqde6dL4IqIvdNYWZuhLU9vYkp2MfuM\n" \
	"CTBKNmKa2omShPtLYG0T7dufCcXzIxDlvXdDmemP71axV29y5sSr8N1y/pLfyG+M\n" \
	"XnxQI/SlJFaNuZgBqw35qaRFnc2E5CmXS4QJkqacKHXGTUGr1FQICMMOL714QGrx\n" \
	"zhKwN/JTCR4gxVLw4zZa8gBB3FImkeqO1WAq/d1yzddE9UCfPW+EKjLxcIkQuM7t\n" \
	"IsDKZn20LpzHZAmr6lseiR2RYp/Dn4vqzQIh8ZZIHhO0pe5LMrJ/NieNaaldx3pO\n" \
	"31vl1gFOINfGM7MTNORoLfXBZ8jXgZcOYHADevam7CUmJyDG7Ma0auUyCEVChIgE\n" \
	"IrvjRvxfizU2bv2F7irIM577wHH3x9sOlZRsA6UpgAPhTn78YO6QMEuGloZ+Ck+6\n" \
	"H8HftKcMv8F1vlR6osN4gLbDaIV5BKSI4bdR3t06c5z6KZMLHC/IiLxsIsXuW5j9\n" \
	"N45VQS899H7hoWCrtjVB9SVp1RXzdQ==\n"                                 \
	"-----END PRIVATE KEY-----\n"

#define KEY_RSA_8194                                                         \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIISRAIBADANBgkqhkiG9w0BAQEFAASCEi4wghIqAgEAAoIEAQMUPTEU3wO7ZmfG\n" \
	"kgZKdB8j7UohbcY2fOPZKDM9TSwUaYYOoDmhM2QsTZ8Nb3fu+rH3ekMCnAqepE6D\n" \
	"XwNZu/nU3xznJHFO/zlO33PBkM/WeAF+HQmjfCe1QNVlwtQcs/jlXaGCkdyIsf2b\n" \
	"B2D55iGxG8b1vU1Zh+T2lpQ0vkQm3UFc27t+LIBef1ocyOaV3snNlEpgGE3qwDzG\n" \
	"T6E+543nz2ePh4KCpO5f9nySMiEcQEDodJYYPrKWzTP25Vmr7rePC/Ec9NrEWNKA\n" \
	"dMezj2trPOK/WYbSWRQ96iJvHKIwWdwVPVGGwhI5hlKpANhTYPqL69oQts0ZjJx4\n" \
	"kczzD/2Np49x+uBgmUpZQHKyFdUfjrMO68GljGuJjjswyNl+J+r0CRi4RXJ6rSMM\n" \
	"uPZBWGXrY4nAnPaDpX/cr46iuW3TS173jxdRz2Nmkobltg/wFnN7BBabxpIJV15d\n" \
	"TEekAGYN56E7ucSSZU+7IlAxi8VIa1CmK5+POPOswfJAGUXE6caJw4vA0DT8oENd\n" \
	"w28eGfqPVNXayMozkuqGTVA2gH5soP/dU4D5zDlWiWHenpXlrfVktqXcvGXuB2x4\n" \
	"rC4QZdjb+2TnGyLX+t4Qo901Pfp6DXe7ITPRjIDJmE0cKTLfjdCPE0Wwdwwwo2nk\n" \
	"AS9gUt7gjXVzMjal+W6uJ1gRNJNVd7OfvZp0b4zPOJcyWG1675Vznh4J3us/M6u6\n" \
	"1z04R8VFSB9c5aRDIJz62w0ao6Kdb1Ixqh8WaHf9B7L1cmM38vQ5S5cHFjfg/pUy\n" \
	"IHmLw7tlLazRx9VjqPDQcgobEhmoyZ+Mr44x4uQKI5yvGkr1XzHBZaa9FBJMU1FE\n" \
	"6mfFKrC26r0v26ERch9Vusw0vknOpII31gzfqAW3k4Pq4PMxhad5Y1wGNZVoT8vk\n" \
	"un+NlpllH2i7Z9Q3+JTskvlQhjLzriUCJ90byDABTASByFvu7Has5tyWX3GUiMko\n" \
	"Vu5C9ssge89Gjv7l54JAp1b8UYWXHbtbK8kD/7h4GOklPRKI5FiChGMBSQwnHpSa\n" \
	"O5HFmtndzQ7h61XSORFMt8cGNlSAgMcbClZoltC4AK1KyjlfJr2iHzwDii/6gG8c\n" \
	"sd61yoyYMSf8MUH7q4Le7b8TIDXrguJ120hzNDzfJDsItpYFfmv+t1deDbAOkJ5U\n" \
	"447UKTmpD2tAQOagh+tW6spK/mQpe9kb4G2HyHM1BQPnsrMdl0hAFEHR5yVUn+UY\n" \
	"04HWSax56JTVfuZp/hNASjqgBBXZ+Vd5LshsW8+pTeF5I1jPj8E/4d3Yyt8a7V0s\n" \
	"BulnZvkxXp5u1tAWEEDdMJ8sRGbRCGU9VE/87Kae6p1aKGoNBwBR6lpWIh/Hi329\n" \
	"S/D8sQttAgMBAAECggQBAIt7TI0h7Zoiw+hafKx+IeiMm9qQf0uzC+qod3C4kD1I\n" \
	"cwVxiuEgo/BHCAcrm3B5gjaFtwfmLublslMC5Cfj4JCvroCkbTyKY0y2s9gj1PNh\n" \
	"pvn3D3aTiL9FKr3oHPq7SibkS6k8QGccAAGH67ws4fdiL/HaPq7CIl0URkOTC6JI\n" \
	"8sEIzQPFwi12oa6ISm1o0BMF06dvhZIt1FNPUfw8o1rK08uNMiYGI3xttJt2LW+/\n" \
	"Wv0HbGv75ERVKYXeDeEjy+2PMmpqVa/6+7zpbVEz5tFCI+myYO4l/zP5k4BP889U\n" \
	"h2JmyF9tRiZRw5zOXnlapttNr/fXMTH9NM8NFdRJFxgS94o216+gUIy8n88tl9oO\n" \
	"uVbBlzHBSGI9/fFjCUGOtL/cQDiTaW+V5abhsAneJ6LgqUahP+oJxjd6BWZ8I5gJ\n" \
	"NVPfSUQby74h3acWcXmNr3+sOIf2Om9Wu4cM8Xxu6aA6Rci41bUGIna92qz5y75F\n" \
	"5y6Qd5qzfEMsyr5W+oaey5gjNz62WTn+7gzQgYA1HqZwX6tobodzzvZXBgOu9zAn\n" \
	"yT8UALWzUs4iX2QycdoDz3Gz9GO8HtlhDOvJpBkYvKgoszFGFwNbDCKrrIA4aHNi\n" \
	"oLZHaNEC6ONDhRmfnLX8dVRsF5/jYQ/WSu2i3AxSfcgEoCzzTMJQAirlIWth/1RW\n" \
	"yxC0hOG1AlfqRpHETQU1D7N+rwSd6i8CJa2AuVjtF7LSPwdj04NxPY1cEtsvttjn\n" \
	"QwtiwIaKEwxJkgJKvQO5YAq3h84Z8fB+MFoyhYbQCU5ZqlRkwBFNYjJ6LvaQEASx\n" \
	"sLKJ/9lMZArE1QF90MYSDgtAU3Tzbdc0fKBbT6PvEYHmgwTh8P3a3nE92Ox4IdhS\n" \
	"jNyzoTlVW/TTgjXSqRm+ZX0tY17wDxNUSpJmHgCSBTSomkBaSKrkg2I+pNuiK1iH\n" \
	"E9vwyqGqvs0CC1xXSdqG+e5mhf6ED//L2lL268ELsp7ivdJVfWfdtXPlTK0tHNqP\n" \
	"gGKxMjnAVJvFsEhp+Ghem77OSxIklYCqUTMqQYzf7L83tn34j9lDx4Y899W9RJPT\n" \
	"jdFKuADwH99y7U2SwMQKAH7nLXmp0XyB6Ljj1OENifEAsq1wxvRjvHPg3ZZK1ILu\n" \
	"1qeBhVkMWL721b7kIdcGoJta+XAPBFCVOArcGRvlitZrggCY3mxH9WzQyCUeKqBs\n" \
	"Rx822wvVuPqPY+xgwAh0sg8gE/ub8kTjMEHmqclj+VyANMGgf/F4+rYcUp42fQ2t\n" \
	"dN9oos0TcHQ29HWjTKydMfQkYHNS5iP5kSuhyXxBwu8Kqu9fEnjT832t8SpWLzgG\n" \
	"Zw6XdKkHQbwvLp5gBqGG6oA1kTGJrjHhjgsLnBZHeKECggIBAfu6GChEEGboGv6p\n" \
	"qiPeOByRZ2VNwK88rvWfAOPCugRigvvD04DL/pc997AMlpXc0D4DUch6WVTP8+rD\n" \
	"qnD/DXIIWVw4fsfifJjcaK1gLv5E2+72lkrfsuJAeG770B6na7SPMmWnNIvMikTD\n" \
	"j/U04ZPTQdOyG1EI5RFlinVVqqItGEL8ckpu6vOuG1wsxF+SjVN+44xJilqrXKv6\n" \
	"o1RsNTyCRq1ztW1jnrF/qZEKNcZWawmsdgZ+eaINGeVo+G8SH/kjrQVQsE8ULppW\n" \
	"5tAMWwCTHOietf955Neg/4jvIUom5L4n1Fi1f3mhqI4FdxAGvJei/HmFg/cHSABb\n" \
	"shZcdA7QddJFN1EJdYWRDwE6hPR6snqB7jxXdwGPqvdDOKO3LygzPL6b+c5HCVbu\n" \
	"wOnezVNeod81Ls8T7vkx/x5qKCC0oNTiDesP6V3A4lYu5UeFfpLEroYJCCrhOMfQ\n" \
	"4aefH9kjS444zMu1SIOKpwHsZOztKLv4+SaOf7ORZsJLybb0EKBKQkLBz/6RIuzn\n" \
	"I6re1+rBRpPUwYQbRavcLNPADWmz1VmSEXPVRW1Gg+Rub6VU+1CU3MHiyOf6nssj\n" \
	"2e9pR7mClPHiKwMCdSHuATE8UTS0ef95YwCUgV5pz1EOZ7ly+6mEQXHC4rahfJig\n" \
	"K6UzQDBipZauR81fSxWNTeCQGQqFAoICAQGNb7uHo/qpvAMeG1kKM9aOLGXzOeEG\n" \
	"l0AQ6NumkuGZ8q/oEhC6Vv9jKqx7KLRgBstcnaZrHEy8H57B80sQH4vTBtCqKOeR\n" \
	"UTf+qo3AWlhGDALgOaY3tlNbApQNfyCiiRD6otW8R+wDiVyv7LbajkCk5imuPP7U\n" \
	"f57+fabOiWZ2ZoCVA0ogqrLfL4e5zDgGs3YwFeSTJumyrnPsX00eSYfMTUtV72zt\n" \
	"0iefzIPSTwQ/ihsyd/EkE6q9IF80Nzh9vAThY4JyMhA1WGEQwa5OiygAIBeaXY6u\n" \
	"CjhZTkXf7lMdtt9Yh6pMLsra3nclRSKCo6/b6AH+N15dxXGcmvWyrfNMbHRgYai1\n" \
	"GyXZj3G7GbMTedShoHIOHWmXQSf2OOO5SHdPX7NtjlDVgbQD2vyQ5CHGbXBUgm+H\n" \
	"hi5zXE3rTKmpfMUcuqewyIMPHg9DNOHA/wI5Kxbi/AESx5prm76TVp6vxns+GK7W\n" \
	"c1cOtqGQl4h2DwEv4hfCbdq01F4QTJe7Nov3/yiMJsuPUnxWRff8+4OZAzn0Gtxu\n" \
	"zyQdh/5jvPh/P3OD+yY+geSu6ffxyUZPtn6ZiXMnrYc3P0OXPHVEZ3+UZE9nMNmH\n" \
	"1t7D26iVcaFXa9aPVD2qM7xOpZcmESlO57zjK6bq17371ZY4hgJl2eWgvHkpIXFi\n" \
	"gmS+Wo9g+iV1yQKCAgEBHSKMkIhxAanWBzC3aT9SGdEa1QyOaptU0oICWOax2uaM\n" \
	"EuIN9KYbi0p0wHzBUNZaaIkqs8DqTDQhErXiEWVbYrAHpz/fC1hJivs1GjELEycO\n" \
	"sKvxCYmJh4CXYhSu85goZ5WHwwjc/KnY+Pcu8JFLId6heEbtClxJcLSqxmxe0Ics\n" \
	"uenWMbEK5+DeYqyNd/LwxXRcTBu8xGC6QacXdMD0QNAU6zIxMIaix6IfU2H9gy5j\n" \
	"HGKrQchjfLuI0IpcAtyV8i+z6mk/Kpn19h1ZsHtP3AnCUW1YXmpRNzumZnuNIXyo\n" \
	"N5ZcrZj4RxGffGrbS7fM0AfrbD+sNd3z9KeKYv52+x7dHEJc53i9dE5bs9/ubPI/\n" \
	"K4euiFrCbbEGXah1tZOZuyTTN2SXLN4+A4E/+9dxTiG2HIlciVTzfyUx1h3d/UgT\n" \
	"jpqJIHqmH03Ejov1nW3+AGTOcl2+JX6oiaboI1+83g/xTaTedoSPfbgvRGhC4b/q\n" \
	"gW44Vgvu8aR1piYz2ThF4g7yGVWI/rj5eTvxjvNpJOB4R2tTZmJ+hR64Wg7gOX2S\n" \
	"EqRygq/CNrVEOtQ+hQYtwTpoo8Y99/GKniC7MrXYXvlTtmfCqgUGTRDBwKnUHRpB\n" \
	"7VR5YgkEgkY/9JB3dfF6HeA1dLLy6YfVVk2VVUhsAwBTaETl9BNRMoBRvQyP05UC\n" \
	"ggIAOKWNSBcCOkEW/KqPNVoQIbGIUnOUdDkIo6Bc9lAHIccqdVxlz/loaz0A2okB\n" \
	"tJIjWC8MMkYVVdb37NL9hu3IIyrcgPRVlSvLXFv42krGPC2oF0eAPn6ZQOaMLaRK\n" \
	"BYCdz+t3pV9m71YbxONraJlP83DuzevZsnYCNmm4ZcXFueiAOTz/ysopto/yu3O1\n" \
	"JJddqBrmumaYdqRQ14b52fBHD8KQk04N65PBnBAtVcN3aosHt1jLIQZAlrZPe4TH\n" \
	"Y3xyAaIKTLaAAup240mHy6Af8mygkJr3JC1GvMvgP7ubUyfmi5rClhsxRKLivogt\n" \
	"FAu6nBBkgFRp+dmTiOu5S19pxyHKMJaa0j1tVqYQYseV85ewy9yvhP2COFHMHVcc\n" \
	"diMzBjgwvdPEB7p16vrCdvBdNAgTM6hntxxT8JNec8Q4hnTHL4IXNqZNr9DsAfs+\n" \
	"liCCs51FpNKgYInco6vOLPfypEEY/c/M07oa1XkIbDB8/b7Dv4xtMIQx4QZH5fDU\n" \
	"y5VJu+49XESHTQVHvZA5eXBr4FpKX1WYx550mlTw2Ext6s0jbNNWLyCadKfadDbo\n" \
	"86GiR8YEiMo99Izq2FqAqGBMGd12R9H5n1fr5mSfkbVhdrFjIoiyRVkcZOVLNtzJ\n" \
	"U3rKPGLTZrObW5Kk16eaHeRBy3gxmMAwhgbpzwvfVcYxoqkCggIBATh6e/BmYD+W\n" \
	"nKKEibC3i0LlmF4iZVpyxKNrUdocUWAfA3D/0Ye2r3Pde89aIDajMD5FdUCK6+cD\n" \
	"RWp/W0r0SMXsurKflDRmBld5Cx+/XTKFWhzcYMc+stwJ4F31bfAm+321YO6M1tOt\n" \
	"nbcLvGel1zL0AF5q5m1GTPDttzd+uJ1iSB/PjxiVeQGrSdYpjbHLm188fP4fNjSY\n" \
	"1tWVVRK3M+5fJF11Uzrx8+qXkpjCVaVM44JXS9WkCwGJ6v7XFC2pe2AvwOmYSvaz\n" \
	"mSrTOtJSxgaMH0MRO/2CnIQpK2l6TkZuVb1OfltKBZRBg16y6w5PU6EVyM01zdHU\n" \
	"IKa+sfjtoi/TIxfz5Yfa0/D4d5ZU2t4qAhv7GTMZmhQl+9kvUOGN6jtftu/USiHt\n" \
	"nTW9pLJ7KFwFq7WiLK5lRvM7EhEG3K33MAJCAqHtW8MCUwF8W9D+sEYjXBlx71+W\n" \
	"tzy5rtDlt1XtwZoflOvq1mBndc1cK2zWAMDu7NBYxvaRC46rqSEUadeSgTK9s9R4\n" \
	"U3HxHhv0TJyK70uUrrNMk3UDqFh9p7sk8EubnfrHrJnecpdC8htDojKx9saxKmQC\n" \
	"ofuCNf8PqCMe3NRIbQcl5fScA0kEroh5or1ooE/yZXOCNQEKDbrX4j8Gn/3YDCnK\n" \
	"BsGp43Zrt5xbAI1HkBaouVnSEiQuUMzb\n"                                 \
	"-----END PRIVATE KEY-----\n"

/* For RSA-PSS only. */
#define KEY_RSA_PSS                                                          \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIICdQIBADALBgkqhkiG9w0BAQoEggJhMIICXQIBAAKBgQDV4iXUxUGTnHiH6lhL\n" \
	"RLg2PIcxW3kLE3VVoevFAmG771OC0gtAEgz0Ut3VYd25H6IHMNCYITNh2k7NLUvp\n" \
	"3xYOrWpDLZMPlJfTaN67DL7lkG/2/W5RXqDe2oAw8VMyd+YTFqBK/XG/E1q7Skap\n" \
	"ZnzHg8YjHeH93+ag45sbwQKqywIDAQABAoGBAK2u1m/Auy7GOm6Mk6STqk+IuXQQ\n" \
	"RuwCoh6mvZGfDISTpSovrSkbP1/MRw33ShkBog7ayhkvpM0KfUFKTkIdgYdusjsj\n" \
	"G8aPNs5jdj4O2FM5P4GCuvMkf+7caKwZcBqvih3R4TxKA8akpzV/EXggNNpkozDD\n" \
	"xC6yhxUtGIBMQiqxAkEA+182AYPMuGMUD4dxuAkmJHppFNR6EGJJdmnfG0Q+5Shi\n" \
	"S/laeLGakvJqR0depE0JLUzd0MEQHuIepQuPwdQBMwJBANnSPhJ1pTxlZp8aFRSz\n" \
	"vJhl7d+JPcNcW49LsAk11SZSgqL9pj8CpZRWWqGJIW4N4rm2Y3s8WGPvL6LS2JZ2\n" \
	"4AkCQDnwrkAXIx71J3CU5a9n3HTYClSUzTXtkcVLjfN4/Y5Qiqe8aBAdz+VDHyAi\n" \
	"4Tu5zf21FAPEHHUh5bJhQdeJiGUCQFO48c7alUZfm1AwEEZCx4y0MPgooirDBxZO\n" \
	"+zyvClyOflPztsClXctkXbWVJdpNUAYdyqMFkNvohaDJ9iHvUzECQQCKinnyxkNh\n" \
	"sDVBVKo8Gb/FVVjqqzAur6YzkE4jNFL0KFLT6cbzhspUTClFPvAItJUE192uSWu1\n" \
	"3MIifi06A0FO\n"                                                     \
	"-----END PRIVATE KEY-----\n"

/* On the curve P-256. */
#define KEY_EC                                                               \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9i291h2momJ8BaGh\n" \
	"hV1icv81Vsz9wghwvrczmFwkZNuhRANCAASFbXqWUBgdRBe1kF6qWF2j48/ThAZl\n" \
	"jcK3zEBrhbuzSMQBql6+I46EJBFjR/0rQGqzwla+Z6ddPS22yF3V0yUo\n"         \
	"-----END PRIVATE KEY-----\n"

#define KEY_ED448                                                            \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MEcCAQAwBQYDK2VxBDsEOXsBsBLwxr5DFa3DIUco5UYxe5DJbxAyGgMhFYxP6Ox3\n" \
	"Cid0nD8kq9D3ckCsyi4Pu3y3fhmScNBwbQ==\n"                             \
	"-----END PRIVATE KEY-----\n"

#define KEY_X25519                                                           \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MC4CAQAwBQYDK2VuBCIEIKjcP4acde0z+X/CjhIaohzwtJE4he/9DPMInUBGok9F\n" \
	"-----END PRIVATE KEY-----\n"

/* Under a pass phrase, in the two forms. */
#define KEY_ENCRYPTED                                                        \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                            \
	"MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIy4YZcVQTrpACAggA\n" \
	"MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBA47j6N1T/6HyXltBc7AYEdBIIC\n" \
	"gKvAgwdW3NWERSvzS6uGy43xKS8R8ZWE8dsKWkDCLDIBUoDU8UkOQ9d6PN+lX+7y\n" \
	"AD0d5iOXy6pUxfaEngWQxuzuYpvL4P+ye/VDMx61H1grYqBkQ/1quUlCYkwJRHTf\n" \
	"r4BIMt97Vb1vbTQqATLEONTtaJqDyQY5PgHLh4/dbKuM8sx4Z0X+LhtVf+IYLNG0\n" \
	"EeCCFiBdGMn7CpDLIEf9A/k3lzuyDcPLL+U10vvAQLuehs0L1rd+GVBrmhiHWL2o\n" \
	"6ieiFB5k4o1KZ5LruOciA+8kGI9iPVQCi+OlgrUu7djVMprNYmJU2Q4ae5MY93pf\n" \
	"j73rqZ0uodZ6hdAZAdNTksjubwWFEjHOcJpIwgyfCJZbRPGc+GunOTVBzdFrWcVg\n" \
	"8ASkIeRpzbXKUXybZpyUislGrH2sB3d15rjCAEMRLoioxRHwzS5MbGd/rD5SY5Ln\n" \
	"NVCD1fiGlUe6UTxT8kNrmqkJ4Z/x/9EFHwBq7h3eOvZXuHii6lCoCo2l0RlvRTSz\n" \
	"Za1pkHu0u5PZOW1aOVOdpmd7SYLaS0ST20mPdTAcMphCqE3+yancnJldJywrUxnN\n" \
	"qCP/tp3eAIgPtaVvH4KRSkRRWoE+HMinHirORQat8CFLqsPiICDovaE3Y6TdKl9k\n" \
	"Nmu/N4930ERgIn6KG/4G7bI45CaKQsL6xFS6xzugu4tlDY0CYWOwNHNp0953tVo8\n" \
	"Fg+DGScFm7Bh9GVNXmc59zsrw3fA42RqhpVdlAQCc66lIY2eM/dhDR9wtgc4aYUF\n" \
	"qKnaiizp6+vYbaT+M5l4FU1TChmQDGWkcyoPEtW5VdKt4IroK66R97JUQFAAPn59\n" \
	"Wq46fuYdh+FreYuMNYvZR8c=\n"                                         \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

#define KEY_ENCRYPTED_PKCS1                                                  \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                  \
	"Proc-Type: 4,ENCRYPTED\n"                                           \
	"DEK-Info: AES-128-CBC,8DA39F2561E19AFAA66775B029CCFB95\n"           \
	"\n"                                                                 \
	"4E376fdlovcZe9Ph9tH0mpIIDvMb0MKiFXStIUqXAJHFP0Sj0Mjs2HkufOY7otT5\n" \
	"2X9Bm8teADGvJWp1JAl8/hJgsnLc/lXyXDjrNz//i8l4/lxm+pdmj/jyT+5bMG9m\n" \
	"RMRPSVyxEsqaK6wXwtTw96ijgox8YONUvO9qoGGZhB/CWYZNhWNKv5Uirp/6XQRl\n" \
	"e0QPlVWdJbvimJZBWYNl+weOXREhha/7Uk9cj5JLn7q5IKwJmkHpxZSaykMu+XeT\n" \
	"mvuMIJvb4mohMgZXIzSN85xej5OGL/xJG8pV9vepjEHddG4Vu2daqsdYXbPTPSPQ\n" \
	"nuizSTJNrOVU1W/29lJOJQywO4/Q0md+pVnWL/cvz6QyYI6JqZezvXrV0taAHhnC\n" \
	"BtufWfdnvO2JeuuzfwnqldYIaXYWAqKbSBQlNsk5wkeoTPvdo6GJe+EsPYB77tjm\n" \
	"Vo4lyGI+J9R4+IRWr/1CjFJPB3GwUCXI4QEEHdbUnfFNVqaHN+mBjTr4ntnOsqmF\n" \
	"Gldz9Uegh3Bi5+UujGE0mWAMRccy1tHlHl2GabQwBXxiVjnFrp2Od4JNiS81Gyly\n" \
	"zhx5j026DIztShTNmLvm1TDNhlu6m9D38KMW11+SXS3t0kqJ0gu+3vLaighVgcZx\n" \
	"mWUhwXoKEUUF4h3ZONTGDrHVdslc2BZgLDpVVtASdt7kJnWaYcBV1P8H0NiUlgbu\n" \
	"V6KLcsuFmtSh1OkIeyJh0x0pVWomaATPJ//z5/3VCiCYe44T+VWIW8zKX3eKV5Ty\n" \
	"ZvJDEBcA3iG28wym0k/VFwBz24QgNZ+P9TWi+Dlv/YyslMbezyS0kPG07mIa8Afa\n" \
	"-----END RSA PRIVATE KEY-----\n"

#define KEY_PUBLIC                                                           \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDzka52hYAKiIegSfvDS3ZIZ03+\n" \
	"Ty2afuLxqjnoESi4AlJrNQcUhsu6Bc7/WCrxRvi601Ju9/Qt/s1zZQv3Ws62kcS6\n" \
	"p/WYw7XsCgNpl8yv5C2hD9RTShiEh07I9CJ2kt+/E0/prT7kvooFJBv8kfVEd+8M\n" \
	"4RpVcL3Vojv7183JowIDAQAB\n"                                         \
	"-----END PUBLIC KEY-----\n"

/* RFC 8410 section 10.3 */
#define KEY_RFC8410                                                          \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
	"-----END PRIVATE KEY-----\n"

/* RFC 8463 appendix A.2, Ed25519: first the private, then the public key */
#define KEY_RFC8463 "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define KEY_RFC8463_PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

#endif
