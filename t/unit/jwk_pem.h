
/*
 * Keys in PEM, made by the openssl command for this test alone, and the
 * modulus of an RSA key that is one bit too short, as a JWK has it.
 */

#ifndef _JWK_PEM_H_INCLUDED_
#define _JWK_PEM_H_INCLUDED_


#define JWK_PEM_RSA                                                          \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlQXNH4vGoorNp7hr5H3v\n"     \
    "zlDqzRyxPQXefBbaNOV3CzNh6uwW28MucZlI/13p8QGSMUriCd5CukFbqjgiMVsv\n"     \
    "vH1HFEKwSGRRmPhbnipitrtb7r+EgneEmYHbIAA8jlqmdrM3Y2dtY3hRVAB7fYxr\n"     \
    "R+E5WZ9k9eyunAlbNIj2i9UPJtGbQ/Kwl9vQWrso7s0cc1jZ1W+WykTbz8/QqBQK\n"     \
    "KK+Kmz80BRqszkN0CWRijnofHRH4LmxM3Kkuup6mc3Hll8hdPVN/DMOchbjMs7Gg\n"     \
    "2ZtN7xPL72qO6Xl+aVIKb1+2fDuVmR7rM3kpCObKl1tBiOIg0cBn+4yh6BH73//Q\n"     \
    "2wIDAQAB\n"                                                             \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_RSA_PKCS1                                                    \
    "-----BEGIN RSA PUBLIC KEY-----\n"                                       \
    "MIIBCgKCAQEAlQXNH4vGoorNp7hr5H3vzlDqzRyxPQXefBbaNOV3CzNh6uwW28Mu\n"     \
    "cZlI/13p8QGSMUriCd5CukFbqjgiMVsvvH1HFEKwSGRRmPhbnipitrtb7r+EgneE\n"     \
    "mYHbIAA8jlqmdrM3Y2dtY3hRVAB7fYxrR+E5WZ9k9eyunAlbNIj2i9UPJtGbQ/Kw\n"     \
    "l9vQWrso7s0cc1jZ1W+WykTbz8/QqBQKKK+Kmz80BRqszkN0CWRijnofHRH4LmxM\n"     \
    "3Kkuup6mc3Hll8hdPVN/DMOchbjMs7Gg2ZtN7xPL72qO6Xl+aVIKb1+2fDuVmR7r\n"     \
    "M3kpCObKl1tBiOIg0cBn+4yh6BH73//Q2wIDAQAB\n"                             \
    "-----END RSA PUBLIC KEY-----\n"

#define JWK_PEM_RSA_2047                                                     \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MIIBITANBgkqhkiG9w0BAQEFAAOCAQ4AMIIBCQKCAQBUfG/75s4U7d2BEYlaum/q\n"     \
    "QOKaQVcLAB3i7335Fgay6XonHAmv2jK6zwH8uJeo0UdQK8NOiYW9qxLZI9vSSzJj\n"     \
    "Vg07iFrHUua6Fu8gd3JZSks2dYD04yIfEByEYZnnLuXQX/2ESVZJnhpMkiTh8F+B\n"     \
    "ucuk3Y0CA+KyXlsY17diiXHqTCaSeqZCDt5hQghobtf4qleUf5KMck1MI7LovZHA\n"     \
    "TIIy4GtgNzwuUUqDt8e0lgPUK/JTb14oyzFla/UgVdTg2jxo9baSjBpo1CMcHK8U\n"     \
    "41cj+AtLSo17oU+mRHzxghxQvz7ZYqrXePnyj7qjsmH9dMJm8l6+dRK/M0BkN8qt\n"     \
    "AgMBAAE=\n"                                                             \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_RSA_PSS                                                      \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBAKVXicllSjPcyqZncCyKBqEB\n"     \
    "xD1K1kRY7oLjoc2WpS/F1eONr4svWAcGmHL4xjkU7VdmM0vwlFfxSoeYbQVM8WXm\n"     \
    "hMo7nqFcnBe6hnEDMoLnemqs6TfSLzpXSbHr+/Doe4TdoNWCIsIDeKS12+pDdV/Z\n"     \
    "wsmKyd3dFNVnX+EtOjk5gY/EjgNiwhJWja6gBJstXWQB827+RsZ0byCOSL4K15Xy\n"     \
    "ufETDccNT+Ny11TkXXr9MV+eDivvxl5VkMSc2IY4KJjxLZGHN6548xH/sbb5LhNY\n"     \
    "jk57AQ7ZhsFPvQA73YA713RF8K0NagXRS7+YmoQBwTydap8I5v3LcosOgKKwJOcC\n"     \
    "AwEAAQ==\n"                                                             \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_P256                                                         \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAr8J/KXLEHPd6xBz8cQOwilDXQIi\n"     \
    "jDO62heJVLPzsKEhqCQI0hsXiQsSfdPG39k44JPrZHAQYaMCudrAyDSPDA==\n"         \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_P256_COMPRESSED                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAr8J/KXLEHPd6xBz8cQOwilDXQIi\n"     \
    "jDO62heJVLPzsKE=\n"                                                     \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_P256_EXPLICIT                                                \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"     \
    "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"     \
    "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"     \
    "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"     \
    "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"     \
    "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABAK/CfylyxBz3esQc/HEDsIp\n"     \
    "Q10CIowzutoXiVSz87ChIagkCNIbF4kLEn3Txt/ZOOCT62RwEGGjArnawMg0jww=\n"     \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_P256_TRAILING                                                \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAr8J/KXLEHPd6xBz8cQOwilDXQIi\n"     \
    "jDO62heJVLPzsKEhqCQI0hsXiQsSfdPG39k44JPrZHAQYaMCudrAyDSPDAA=\n"         \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_P384                                                         \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEPLaHhHT9IDB5C0rLzRYBSaxaUH5ppXgP\n"     \
    "3vYs1+OtUQYI6KlVkqmCqizsIb2COVdMAVhiY7syp6uFWRaHU8rCF+X/H9ASefEn\n"     \
    "3UCBJ4LugiLa+CiRPrlzP2Xvwahvh/bb\n"                                     \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_SECP256K1                                                    \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAENffiV5n0s6ArzRmUwU76OI2Spis1AyRm\n"     \
    "mc8zvIHecGGNhVoqZcrq8CX02B9RwcQw+pq98JHEkgyUgphV6u/Sbw==\n"             \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_ED25519                                                      \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MCowBQYDK2VwAyEAsL9zaRN1yxwY7NehR7l4d+YAbsCbYiTfA3xvvK4iWKs=\n"         \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_X25519                                                       \
    "-----BEGIN PUBLIC KEY-----\n"                                           \
    "MCowBQYDK2VuAyEAMF1HabC8/Pp0dBSGLXjDsFS7wOImZdupGYetvlxbSXg=\n"         \
    "-----END PUBLIC KEY-----\n"

#define JWK_PEM_CERTIFICATE                                                  \
    "-----BEGIN CERTIFICATE-----\n"                                          \
    "MIIBdzCCAR2gAwIBAgIUSNWLNUC5rqYHsSsN7CcmOYQ/8N8wCgYIKoZIzj0EAwIw\n"     \
    "ETEPMA0GA1UEAwwGaXNzdWVyMB4XDTI2MTEyMjE1MzcyNVoXDTI2MTEyMzE1Mzcy\n"     \
    "NVowETEPMA0GA1UEAwwGaXNzdWVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"     \
    "Ar8J/KXLEHPd6xBz8cQOwilDXQIijDO62heJVLPzsKEhqCQI0hsXiQsSfdPG39k4\n"     \
    "4JPrZHAQYaMCudrAyDSPDKNTMFEwHQYDVR0OBBYEFER1xGrLQiiXGDpnJfs+D5Z5\n"     \
    "n/WNMB8GA1UdIwQYMBaAFER1xGrLQiiXGDpnJfs+D5Z5n/WNMA8GA1UdEwEB/wQF\n"     \
    "MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMMhjQzi/rwHfbNLGPnEo4Kge92u8bpl\n"     \
    "lhTFckmyISjRAiA82l/xEY7KfJ6DE7CcnDkHjeZsNTHAQ6GnWjmqB6+eYg==\n"         \
    "-----END CERTIFICATE-----\n"

#define JWK_PEM_PRIVATE                                                      \
    "-----BEGIN PRIVATE KEY-----\n"                                          \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIAJIbGDjAUj86t6z\n"     \
    "7+zz74i8J6jPY6vNoTxUEo9zSeKhRANCAAQCvwn8pcsQc93rEHPxxA7CKUNdAiKM\n"     \
    "M7raF4lUs/OwoSGoJAjSGxeJCxJ908bf2Tjgk+tkcBBhowK52sDINI8M\n"             \
    "-----END PRIVATE KEY-----\n"

#define JWK_MODULUS                                                          \
    "lQXNH4vGoorNp7hr5H3vzlDqzRyxPQXefBbaNOV3CzNh6uwW28MucZlI_13p8QGSMU"     \
    "riCd5CukFbqjgiMVsvvH1HFEKwSGRRmPhbnipitrtb7r-EgneEmYHbIAA8jlqmdrM3"     \
    "Y2dtY3hRVAB7fYxrR-E5WZ9k9eyunAlbNIj2i9UPJtGbQ_Kwl9vQWrso7s0cc1jZ1W"     \
    "-WykTbz8_QqBQKKK-Kmz80BRqszkN0CWRijnofHRH4LmxM3Kkuup6mc3Hll8hdPVN_"     \
    "DMOchbjMs7Gg2ZtN7xPL72qO6Xl-aVIKb1-2fDuVmR7rM3kpCObKl1tBiOIg0cBn-4"     \
    "yh6BH73__Q2w"

#define JWK_MODULUS_2047                                                     \
    "VHxv--bOFO3dgRGJWrpv6kDimkFXCwAd4u99-RYGsul6JxwJr9oyus8B_LiXqNFHUC"     \
    "vDTomFvasS2SPb0ksyY1YNO4hax1LmuhbvIHdyWUpLNnWA9OMiHxAchGGZ5y7l0F_9"     \
    "hElWSZ4aTJIk4fBfgbnLpN2NAgPisl5bGNe3Yolx6kwmknqmQg7eYUIIaG7X-KpXlH"     \
    "-SjHJNTCOy6L2RwEyCMuBrYDc8LlFKg7fHtJYD1CvyU29eKMsxZWv1IFXU4No8aPW2"     \
    "kowaaNQjHByvFONXI_gLS0qNe6FPpkR88YIcUL8-2WKq13j58o-6o7Jh_XTCZvJevn"     \
    "USvzNAZDfKrQ"


#endif /* _JWK_PEM_H_INCLUDED_ */
